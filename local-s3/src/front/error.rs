//! The error document that clients of S3 read: code, message, resource and both request ids.
//! s3s writes code and message; the rest is added here.

use s3s::xml::{DeResult, Deserializer, SerResult, Serializer};

use super::request_id::RequestId;
use super::xml::skip;

/// Code and message of an error.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ErrorDocument {
    code: String,
    message: Option<String>,
}

impl ErrorDocument {
    /// Reads the body of an error answer; none when it is no error document.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut document = Self::default();
        let mut read = |d: &mut Deserializer<'_>| -> DeResult {
            d.for_each_element(|d, name| {
                match name {
                    b"Code" => document.code = d.content()?,
                    b"Message" => document.message = Some(d.content()?),
                    _ => skip(d)?,
                }
                Ok(())
            })
        };
        Deserializer::new(body)
            .named_element("Error", &mut read)
            .ok()?;
        Some(document)
    }

    /// The whole document, for the request to `resource`.
    pub(super) fn to_xml(&self, resource: &str, id: &RequestId) -> Option<Vec<u8>> {
        let mut xml = Vec::new();
        self.write(&mut Serializer::new(&mut xml), resource, id)
            .ok()?;
        Some(xml)
    }

    fn write(&self, s: &mut Serializer<&mut Vec<u8>>, resource: &str, id: &RequestId) -> SerResult {
        s.decl()?;
        s.element("Error", |s| {
            s.content("Code", self.code.as_str())?;
            let message = self.message.as_deref();
            s.content("Message", message.unwrap_or(standard_message(&self.code)))?;
            s.content("Resource", resource)?;
            s.content("RequestId", id.request_id.as_str())?;
            s.content("HostId", id.host_id.as_str())
        })
    }
}

/// What S3 says with the codes that s3s raises without a message.
fn standard_message(code: &str) -> &'static str {
    match code {
        "IncompleteBody" => {
            "You did not provide the number of bytes specified by the Content-Length HTTP header"
        }
        "InternalError" => "We encountered an internal error. Please try again.",
        "InvalidBucketName" => "The specified bucket is not valid.",
        "InvalidURI" => "Couldn't parse the specified URI.",
        "KeyTooLongError" => "Your key is too long",
        "MalformedXML" => {
            "The XML you provided was not well-formed or did not validate against our published schema"
        }
        "MethodNotAllowed" => "The specified method is not allowed against this resource.",
        "MissingContentLength" => "You must provide the Content-Length HTTP header.",
        "MissingRequestBodyError" => "Request Body is empty",
        "NotImplemented" => {
            "A header or query you provided requested a function that is not implemented."
        }
        _ => "The request was refused.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_completed() {
        let id = RequestId::random();
        let short = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>NoSuchKey</Code>\
            <Message>a &lt; b</Message><Detail><More>x</More></Detail></Error>";
        let document = ErrorDocument::parse(short).unwrap();
        let xml = String::from_utf8(document.to_xml("/bucket/a&b", &id).unwrap()).unwrap();
        let expected = format!(
            "<Error><Code>NoSuchKey</Code><Message>a &lt; b</Message>\
            <Resource>/bucket/a&amp;b</Resource><RequestId>{}</RequestId><HostId>{}</HostId></Error>",
            id.request_id, id.host_id
        );
        assert!(xml.ends_with(&expected), "{xml}");
    }

    #[test]
    fn a_missing_message_is_filled_in() {
        let document = ErrorDocument::parse(b"<Error><Code>MalformedXML</Code></Error>").unwrap();
        let xml = document.to_xml("/", &RequestId::random()).unwrap();
        assert!(String::from_utf8(xml).unwrap().contains("well-formed"));
    }

    #[test]
    fn other_bodies_are_left_alone() {
        for body in [&b""[..], b"<ListBucketResult/>", b"{}", b"<Error><Code>"] {
            assert_eq!(ErrorDocument::parse(body), None);
        }
    }
}
