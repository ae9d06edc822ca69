//! One grant, as headers and documents write it.

use s3s::dto;
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::super::error::{invalid_argument, refuse};
use super::{ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY, malformed};
use crate::store::{Grant, Grantee};

/// Reads the value of an `x-amz-grant-` header: `id="…", uri="…"`.
pub(super) fn grantees(header: &str) -> S3Result<Vec<Grantee>> {
    let pairs = header
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (kind, value) = pair.split_once('=').ok_or_else(not_recognized)?;
            let value = value.trim().trim_matches('"');
            match kind.trim() {
                "id" => account(value),
                "uri" => group(value),
                "emailAddress" => Err(no_account_by_email()),
                _ => Err(not_recognized()),
            }
        })
        .collect()
}

/// Reads a grant of a document.
pub(in super::super) fn from_dto(grant: dto::Grant) -> S3Result<Grant> {
    let permission = grant.permission.ok_or_else(malformed)?;
    if !matches!(
        permission.as_str(),
        "FULL_CONTROL" | "READ" | "READ_ACP" | "WRITE" | "WRITE_ACP"
    ) {
        return Err(malformed());
    }
    let grantee = grant.grantee.ok_or_else(malformed)?;
    let grantee = match (grantee.id, grantee.uri, grantee.email_address) {
        (Some(id), None, None) => account(&id)?,
        (None, Some(uri), None) => group(&uri)?,
        (None, None, Some(_)) => return Err(no_account_by_email()),
        _ => return Err(malformed()),
    };
    Ok(Grant {
        grantee,
        permission: permission.as_str().to_owned(),
    })
}

pub(in super::super) fn to_dto(grant: Grant) -> dto::Grant {
    let (kind, id, uri) = match grant.grantee {
        Grantee::Account(id) => (dto::Type::CANONICAL_USER, Some(id), None),
        Grantee::Group(uri) => (dto::Type::GROUP, None, Some(uri)),
    };
    dto::Grant {
        grantee: Some(dto::Grantee {
            display_name: None,
            email_address: None,
            id,
            type_: dto::Type::from_static(kind),
            uri,
        }),
        permission: Some(grant.permission.into()),
    }
}

pub(super) fn owner(account: String) -> dto::Owner {
    dto::Owner {
        display_name: None,
        id: Some(account),
    }
}

fn account(id: &str) -> S3Result<Grantee> {
    if id.is_empty() {
        return Err(invalid_argument("Invalid id"));
    }
    Ok(Grantee::Account(id.to_owned()))
}

fn group(uri: &str) -> S3Result<Grantee> {
    match uri {
        ALL_USERS | AUTHENTICATED_USERS | LOG_DELIVERY => Ok(Grantee::Group(uri.to_owned())),
        _ => Err(invalid_argument("Invalid group uri")),
    }
}

/// No account of this S3 has an e-mail address.
fn no_account_by_email() -> S3Error {
    refuse(
        S3ErrorCode::UnresolvableGrantByEmailAddress,
        "The e-mail address you provided does not match any account on record.",
    )
}

fn not_recognized() -> S3Error {
    invalid_argument("Argument format not recognized")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_header_names_grantees() {
        let header = format!("id=\"123456789012\", uri={ALL_USERS}");
        let read = grantees(&header).unwrap();
        let account = Grantee::Account("123456789012".to_owned());
        assert_eq!(read, [account, Grantee::Group(ALL_USERS.to_owned())]);
        assert_eq!(grantees("").unwrap(), []);
        for (header, code) in [
            ("id", "InvalidArgument"),
            ("id=\"\"", "InvalidArgument"),
            ("uri=\"http://example.com\"", "InvalidArgument"),
            ("emailAddress=\"a@b.c\"", "UnresolvableGrantByEmailAddress"),
        ] {
            assert_eq!(grantees(header).unwrap_err().code().as_str(), code);
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_refused(header in "[iduri=\", a-z]{0,40}|\\PC{0,40}") {
            let _ = grantees(&header);
        }
    }
}
