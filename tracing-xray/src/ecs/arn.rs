//! The parts of an ARN that its neighbours share.

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`; the partition is `aws`, `aws-cn`, `aws-us-gov`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arn<'a> {
    pub(super) partition: &'a str,
    pub(super) region: &'a str,
    pub(super) account_id: &'a str,
}

impl<'a> Arn<'a> {
    /// `None` when the text is none, or one of something without region or account.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let ("arn", partition, _service) = (next()?, next()?, next()?) else {
            return None;
        };
        let (region, account_id, _resource) = (next()?, next()?, next()?);
        Some(Self {
            partition,
            region,
            account_id,
        })
    }

    /// The ARN of something else in the same account.
    pub(super) fn sibling(&self, service: &str, region: &str, resource: &str) -> String {
        let Self {
            partition,
            account_id,
            ..
        } = self;
        format!("arn:{partition}:{service}:{region}:{account_id}:{resource}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partition_region_and_account_are_read() {
        let arn = Arn::parse("arn:aws-cn:ecs:cn-north-1:123456789012:task/c/7:8").unwrap();
        assert_eq!(arn.partition, "aws-cn");
        assert_eq!(arn.region, "cn-north-1");
        assert_eq!(arn.account_id, "123456789012");
    }

    #[test]
    fn what_has_no_such_parts_is_none() {
        for text in [
            "",
            "default",
            "arn:aws:s3:::bucket",
            "arn:aws:ecs:r:1",
            "a:b:c:d:e:f",
        ] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
