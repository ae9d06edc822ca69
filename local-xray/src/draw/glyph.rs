//! A small picture for each kind of node, which stands beside the kind's words.

use crate::svg::Writer;

/// How wide and high a glyph is.
pub(super) const SIDE: i64 = 14;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glyph {
    Bucket,
    Table,
    Message,
    Function,
    Container,
    Instance,
    Remote,
    Service,
}

impl Glyph {
    /// The glyph of a type, as the map spells it.
    pub(super) fn of(kind: &str) -> Self {
        match kind.split("::").next().unwrap_or_default() {
            "S3" => Self::Bucket,
            "DynamoDB" | "Database" | "RDS" | "Redshift" | "ElastiCache" => Self::Table,
            "SQS" | "SNS" | "Kinesis" | "Events" | "Firehose" => Self::Message,
            "Lambda" => Self::Function,
            "ECS" | "EKS" => Self::Container,
            "EC2" | "ElasticBeanstalk" => Self::Instance,
            "remote" => Self::Remote,
            _ => Self::Service,
        }
    }

    /// Lines on a square of 14.
    fn path(self) -> &'static str {
        match self {
            Self::Bucket => "M2 3.5h10l-1.4 8.5H3.4zM2 3.5c0-2 10-2 10 0",
            Self::Table => {
                "M2 3.5a5 2 0 0 1 10 0v7a5 2 0 0 1-10 0zM2 3.5a5 2 0 0 0 10 0M2 7a5 2 0 0 0 10 0"
            }
            Self::Message => "M1.5 3h11v8h-11zM1.5 3.5 7 8l5.5-4.5",
            Self::Function => "M3.5 2H6l4.5 10M7.3 5.6 3.5 12",
            Self::Container => "M7 1.5 12 4.2v5.6L7 12.5 2 9.8V4.2zM2 4.2l5 2.7 5-2.7M7 6.9v5.6",
            Self::Instance => {
                "M3.5 3.5h7v7h-7zM5.5 1.5v2M8.5 1.5v2M5.5 10.5v2M8.5 10.5v2M1.5 5.5h2M1.5 8.5h2M10.5 5.5h2M10.5 8.5h2"
            }
            Self::Remote => {
                "M7 1.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 1 0 0-11M1.5 7h11M7 1.5c-3.2 3.5-3.2 7.5 0 11M7 1.5c3.2 3.5 3.2 7.5 0 11"
            }
            Self::Service => "M4.2 2h5.6l2.8 5-2.8 5H4.2L1.4 7zM7 5a2 2 0 1 0 0 4 2 2 0 1 0 0-4",
        }
    }

    /// Draws it with its left upper corner there.
    pub(super) fn draw(self, svg: &mut Writer, x: i64, y: i64) {
        svg.empty(
            "path",
            &[
                ("class", &"glyph"),
                ("transform", &format_args!("translate({x} {y})")),
                ("d", &self.path()),
            ],
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_the_glyph_of_its_family() {
        for (kind, glyph) in [
            ("S3::Bucket", Glyph::Bucket),
            ("Database::SQL", Glyph::Table),
            ("Lambda::Function", Glyph::Function),
            ("ECS::Container", Glyph::Container),
            ("remote", Glyph::Remote),
            ("", Glyph::Service),
            ("what nobody knows", Glyph::Service),
        ] {
            assert_eq!(Glyph::of(kind), glyph, "{kind}");
        }
    }
}
