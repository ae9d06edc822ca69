//! The root causes in `rootcause.json`: the JSON of a trace summary, as far as it is written out.

use serde::{Deserialize, Serialize};

/// A root cause to compare with; what is absent may be anything. Lists are compared whole.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct CausePattern {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) services: Option<Vec<ServicePattern>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_impacting: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ServicePattern {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) names: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) r#type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) inferred: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entity_path: Option<Vec<EntityPattern>>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct EntityPattern {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) coverage: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remote: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exceptions: Option<Vec<ExceptionPattern>>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ExceptionPattern {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
}
