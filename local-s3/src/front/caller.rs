//! Who calls, and at which region's endpoint: what the credential of a request says. Signatures
//! are not checked, so that a local client may use any secret.

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// The caller of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// 12 digits.
    pub(crate) account: String,
    /// Region of the credential scope; none for unsigned requests and for signatures without one.
    pub(crate) region: Option<String>,
}

/// Query parameters of a presigned URL, of signature versions 4 and 2.
const SIGNATURE_PARAMETERS: [&str; 10] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "AWSAccessKeyId",
    "Signature",
    "Expires",
];

/// True for 12 digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Reads the credential of a request. An access key that is an account id names the caller's
/// account, any other stands for `default_account`.
pub(crate) fn caller(headers: &HeaderMap, query: &str, default_account: &str) -> Caller {
    let header = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok());
    let (access_key, region) = header
        .and_then(header_credential)
        .or_else(|| query_credential(query))
        .unwrap_or_default();
    Caller {
        account: if is_account(&access_key) {
            access_key
        } else {
            default_account.to_owned()
        },
        region,
    }
}

/// The query without the parameters of a signature.
pub(crate) fn unsigned_query(query: &str) -> String {
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !SIGNATURE_PARAMETERS.contains(&name)
        })
        .collect();
    kept.join("&")
}

fn header_credential(header: &str) -> Option<(String, Option<String>)> {
    if let Some(version_2) = header.strip_prefix("AWS ") {
        let access_key = version_2.split(':').next()?;
        return Some((access_key.to_owned(), None));
    }
    let credential = header.split_once("Credential=")?.1;
    scope(credential.split([',', ' ']).next()?)
}

fn query_credential(query: &str) -> Option<(String, Option<String>)> {
    let value = |name: &str| {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(n, _)| *n == name)
            .map(|(_, value)| value)
    };
    if let Some(credential) = value("X-Amz-Credential") {
        return scope(&credential.replace("%2F", "/").replace("%2f", "/"));
    }
    value("AWSAccessKeyId").map(|access_key| (access_key.to_owned(), None))
}

/// `<access key>/<date>/<region>/<service>/aws4_request`; version 4A has no region.
fn scope(credential: &str) -> Option<(String, Option<String>)> {
    let parts: Vec<&str> = credential.split('/').collect();
    let access_key = (*parts.first()?).to_owned();
    let region = match parts.as_slice() {
        [.., region, _service, "aws4_request"] if parts.len() >= 5 && !region.is_empty() => {
            Some((*region).to_owned())
        }
        _ => None,
    };
    Some((access_key, region))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn check(authorization: Option<&str>, query: &str, account: &str, region: Option<&str>) {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let expected = Caller {
            account: account.to_owned(),
            region: region.map(str::to_owned),
        };
        assert_eq!(caller(&headers, query, "000000000000"), expected);
    }

    #[test]
    fn the_credential_names_account_and_region() {
        let scope = "20261122/eu-west-1/s3/aws4_request";
        let v4 = |key: &str| {
            format!("AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=host, Signature=00")
        };
        let region = Some("eu-west-1");
        check(Some(&v4("AKIDEXAMPLE")), "", "000000000000", region);
        check(Some(&v4("123456789012")), "", "123456789012", region);
        check(Some("AWS 123456789012:c2ln"), "", "123456789012", None);
        check(None, "", "000000000000", None);
        check(Some("Bearer token"), "", "000000000000", None);
        let presigned = "X-Amz-Credential=123456789012%2F20261122%2Feu-west-1%2Fs3%2Faws4_request";
        check(None, presigned, "123456789012", region);
        check(None, "AWSAccessKeyId=123456789012", "123456789012", None);
        let v4a = "AWS4-ECDSA-P256-SHA256 Credential=123456789012/20261122/s3/aws4_request, S=0";
        check(Some(v4a), "", "123456789012", None);
    }

    #[test]
    fn a_query_loses_its_signature_only() {
        let query = "prefix=Signature&X-Amz-Signature=00&list-type=2&X-Amz-Date=1&Expires=9";
        assert_eq!(unsigned_query(query), "prefix=Signature&list-type=2");
        assert_eq!(unsigned_query("tagging"), "tagging");
        assert_eq!(unsigned_query(""), "");
    }

    proptest! {
        #[test]
        fn any_header_and_query_is_read(header in "[ -~]{0,80}", query in "\\PC{0,80}") {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_str(&header).unwrap());
            prop_assert!(is_account(&caller(&headers, &query, "000000000000").account));
        }
    }
}
