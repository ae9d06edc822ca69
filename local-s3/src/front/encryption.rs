//! The blocked types of encryption inside a bucket's encryption, which s3s 0.14 does not know: it
//! takes the element for malformed, and does not write it.

use s3s::xml::{DeResult, Deserializer};
use s3s::{S3Error, S3ErrorCode};

use super::xml::skip;

const OPEN: &str = "<BlockedEncryptionTypes";
const CLOSE: &str = "</BlockedEncryptionTypes>";

/// `ServerSideEncryptionConfiguration/Rule/BlockedEncryptionTypes`: such as `SSE-C`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlockedEncryptionTypes(pub(crate) Vec<String>);

impl BlockedEncryptionTypes {
    /// Takes them out of the body of a PutBucketEncryption.
    pub(super) fn take(body: &[u8]) -> Result<(Option<Self>, Vec<u8>), S3Error> {
        let malformed = |error| S3Error::with_source(S3ErrorCode::MalformedXML, Box::new(error));
        let mut types = None;
        let mut read_rule = |d: &mut Deserializer<'_>| -> DeResult {
            d.for_each_element(|d, name| match name {
                b"BlockedEncryptionTypes" => {
                    types = Some(d.list_content::<String>("EncryptionType")?);
                    Ok(())
                }
                _ => skip(d),
            })
        };
        let without = body.to_vec();
        let text = match String::from_utf8(without) {
            Ok(text) if text.contains(OPEN) => text,
            Ok(text) => return Ok((None, text.into_bytes())),
            Err(error) => return Ok((None, error.into_bytes())),
        };
        Deserializer::new(body)
            .element(|d, _| d.for_each_element(|d, _| read_rule(d)))
            .map_err(malformed)?;
        Ok((types.map(Self), cut(&text).into_bytes()))
    }

    /// Puts them into the answer of a GetBucketEncryption.
    pub(super) fn insert_into(&self, xml: &str) -> String {
        let types: String = self
            .0
            .iter()
            .map(|word| format!("<EncryptionType>{word}</EncryptionType>"))
            .collect();
        xml.replacen("</Rule>", &format!("{OPEN}>{types}{CLOSE}</Rule>"), 1)
    }
}

/// The text without the element.
fn cut(text: &str) -> String {
    let Some((before, from)) = text.split_once(OPEN) else {
        return text.to_owned();
    };
    let head_len = from.find('>').map_or(from.len(), |at| at + 1);
    let is_empty = from[..head_len].ends_with("/>");
    let after = if is_empty {
        &from[head_len..]
    } else {
        from.split_once(CLOSE).map_or("", |(_, after)| after)
    };
    format!("{before}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &str = "<ServerSideEncryptionConfiguration><Rule>\
        <BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>";

    #[test]
    fn they_are_taken_out_and_put_in() {
        let blocked = BlockedEncryptionTypes(vec!["SSE-C".to_owned()]);
        let with = blocked.insert_into(PLAIN);
        assert!(
            with.contains("<EncryptionType>SSE-C</EncryptionType>"),
            "{with}"
        );
        let (taken, without) = BlockedEncryptionTypes::take(with.as_bytes()).unwrap();
        assert_eq!(
            (taken, without.as_slice()),
            (Some(blocked), PLAIN.as_bytes())
        );
        let empty = PLAIN.replace("</Rule>", "<BlockedEncryptionTypes/></Rule>");
        let (taken, without) = BlockedEncryptionTypes::take(empty.as_bytes()).unwrap();
        assert_eq!(taken, Some(BlockedEncryptionTypes(Vec::new())));
        assert_eq!(without, PLAIN.as_bytes());
        let (taken, without) = BlockedEncryptionTypes::take(PLAIN.as_bytes()).unwrap();
        assert_eq!((taken, without.as_slice()), (None, PLAIN.as_bytes()));
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in "(<|>|/|BlockedEncryptionTypes|Rule|EncryptionType|a){0,20}") {
            let _ = BlockedEncryptionTypes::take(body.as_bytes());
        }
    }
}
