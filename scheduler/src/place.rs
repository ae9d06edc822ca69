//! Where a schedule lives: a region and an account, which make ARNs of names.

use std::fmt;

/// Stands for the account while a file is only checked; every account has as many digits.
pub const ACCOUNT_PLACEHOLDER: &str = "000000000000";

/// Stands for the region while a file is only checked and none is known.
pub const REGION_PLACEHOLDER: &str = "us-east-1";

/// The partitions beside `aws`, by what the names of their regions begin with (AWS General Reference).
const PARTITIONS: [(&str, &str); 7] = [
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
];

/// A region and an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The region.
    pub region: String,
    /// The account's twelve digits.
    pub account: String,
}

/// An ARN in its parts: `arn:partition:service:region:account:resource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, ...
    pub partition: &'a str,
    /// The service, such as `ecs`.
    pub service: &'a str,
    /// The region; IAM has none.
    pub region: &'a str,
    /// The account.
    pub account: &'a str,
    /// All the rest, such as `cluster/batch`.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// The parts of a text that is an ARN.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let mut next = || parts.next();
        let arn = Self {
            partition: next()?,
            service: next()?,
            region: next()?,
            account: next()?,
            resource: next()?,
        };
        let is_whole = [arn.partition, arn.service, arn.resource].map(str::is_empty) == [false; 3];
        is_whole.then_some(arn)
    }
}

impl Place {
    /// The partition that the region is in, such as `aws`, `aws-cn` or `aws-us-gov`.
    pub fn partition(&self) -> &'static str {
        let of_region = PARTITIONS
            .iter()
            .find(|(start, _)| self.region.starts_with(start));
        of_region.map_or("aws", |(_, partition)| partition)
    }

    /// The ARN of a rule on the default event bus, the only one on which schedules fire.
    pub fn rule(&self, name: &str) -> String {
        self.regional("events", format_args!("rule/{name}"))
    }

    /// The ARN of a cluster; an ARN stays what it is.
    pub fn cluster(&self, name: &str) -> String {
        self.arn_of(name, "ecs", "cluster/")
    }

    /// The ARN of a task definition, `family` or `family:revision`; an ARN stays what it is.
    pub fn task_definition(&self, name: &str) -> String {
        self.arn_of(name, "ecs", "task-definition/")
    }

    /// The ARN of an SQS queue; an ARN stays what it is.
    pub fn queue(&self, name: &str) -> String {
        self.arn_of(name, "sqs", "")
    }

    /// The ARN of a role; an ARN stays what it is.
    pub fn role(&self, name: &str) -> String {
        if Arn::parse(name).is_some() {
            return name.to_owned();
        }
        let (partition, account) = (self.partition(), &self.account);
        format!("arn:{partition}:iam::{account}:role/{name}")
    }

    /// What a file would write for an ARN: its name where the ARN is the one that the name would
    /// become, else the ARN.
    pub fn short<'a>(&self, arn: &'a str, long: impl Fn(&Self, &str) -> String) -> &'a str {
        let start = long(self, "");
        match arn.strip_prefix(&start) {
            Some(name) if !name.is_empty() => name,
            _ => arn,
        }
    }

    fn arn_of(&self, name: &str, service: &str, kind: &str) -> String {
        match Arn::parse(name) {
            Some(_) => name.to_owned(),
            None => self.regional(service, format_args!("{kind}{name}")),
        }
    }

    fn regional(&self, service: &str, resource: fmt::Arguments<'_>) -> String {
        let Self { region, account } = self;
        format!(
            "arn:{}:{service}:{region}:{account}:{resource}",
            self.partition()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(region: &str) -> Place {
        Place {
            region: region.to_owned(),
            account: "111122223333".to_owned(),
        }
    }

    #[test]
    fn names_become_arns_and_arns_stay() {
        let at = place("eu-west-1");
        let cluster = "arn:aws:ecs:eu-west-1:111122223333:cluster/batch";
        assert_eq!(at.cluster("batch"), cluster);
        assert_eq!(at.cluster(cluster), cluster);
        assert_eq!(at.short(cluster, Place::cluster), "batch");
        assert_eq!(at.role("e"), "arn:aws:iam::111122223333:role/e");
        assert_eq!(at.queue("q"), "arn:aws:sqs:eu-west-1:111122223333:q");
        let other = "arn:aws:ecs:eu-west-2:111122223333:cluster/batch";
        assert_eq!(at.short(other, Place::cluster), other);
        let china = place("cn-north-1").rule("nightly");
        assert_eq!(
            china,
            "arn:aws-cn:events:cn-north-1:111122223333:rule/nightly"
        );
    }

    #[test]
    fn an_arn_has_six_parts() {
        let arn = Arn::parse("arn:aws:iam::111122223333:role/a:b").unwrap();
        assert_eq!((arn.region, arn.resource), ("", "role/a:b"));
        for text in [
            "",
            "batch",
            "arn:aws:ecs",
            "arn:aws:ecs:r:a:",
            "arn::ecs:r:a:x",
        ] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
