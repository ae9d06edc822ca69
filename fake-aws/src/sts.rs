//! GetCallerIdentity: whose credentials these are.

use crate::Settings;
use crate::protocol::{AnswerBody, ApiError};

pub(crate) fn call(
    settings: &Settings,
    operation: &str,
    access_key: &str,
) -> Result<AnswerBody, ApiError> {
    if operation != "GetCallerIdentity" {
        return Err(ApiError::new(
            "InvalidAction",
            format!("Could not find operation {operation} for version 2011-06-15"),
        ));
    }
    let account = &settings.account;
    // Whatever the key is, it stands for the one user of the account; it is only read back in letters
    // and digits, so that it needs no escape.
    let id: String = access_key
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    Ok(AnswerBody::Xml(
        "GetCallerIdentity",
        format!(
            "<Arn>arn:aws:iam::{account}:user/test</Arn>\
             <UserId>AIDA{id}</UserId><Account>{account}</Account>"
        ),
    ))
}
