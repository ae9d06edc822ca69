//! What an account sets about encryption and access: locally neither.

use serde_json::{Value, json};

use super::error::ApiError;
use super::pages::only_page;
use super::parameters::Parameters;
use super::{Api, json};

pub(super) fn get_encryption_config(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    Parameters::parse(body)?;
    encryption_config()
}

pub(super) fn put_encryption_config(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    let kind = parameters.required("Type", |parameters, name| {
        parameters.choice(name, &["NONE", "KMS"])
    })?;
    if kind == "KMS" {
        let message =
            "is KMS: local X-Ray does not encrypt; put its directory on an encrypted disk";
        return Err(parameters.wrong("Type", message));
    }
    if parameters.has("KeyId") {
        return Err(parameters.wrong("KeyId", "stands beside the Type NONE, which has no key"));
    }
    encryption_config()
}

fn encryption_config() -> Result<Vec<u8>, ApiError> {
    json(&json!({ "EncryptionConfig": { "Type": "NONE", "Status": "ACTIVE" } }))
}

pub(super) fn list_resource_policies(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    only_page(&Parameters::parse(body)?)?;
    json(&json!({ "ResourcePolicies": Value::Array(Vec::new()) }))
}

pub(super) fn put_resource_policy(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let parameters = Parameters::parse(body)?;
    parameters.required_text("PolicyDocument")?;
    refuse_policy(&parameters)
}

pub(super) fn delete_resource_policy(_: &Api, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    refuse_policy(&Parameters::parse(body)?)
}

fn refuse_policy(parameters: &Parameters) -> Result<Vec<u8>, ApiError> {
    parameters.required("PolicyName", |parameters, name| {
        parameters.text_of(name, 1..=128)
    })?;
    let message = "names no policy: local X-Ray has none; whoever reaches its port may use it, so \
                   keep that on a loopback address";
    Err(parameters.wrong("PolicyName", message))
}
