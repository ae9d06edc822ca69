//! What somebody was to replace and did not: `${ACCOUNT_ID}`, `<account-id>`, `REPLACE_ME`, `xxxx`.

/// A name between `${` and `}`, or between `<` and `>`, as a template leaves it that nobody filled in.
///
/// What IAM writes, such as `${aws:username}`, is none, nor is a comparison such as `a < b`.
pub fn placeholder(text: &str) -> Option<&str> {
    let in_braces = between(text, "${", '}', |c| c.is_ascii_alphanumeric() || c == '_');
    in_braces.or_else(|| {
        between(text, "<", '>', |c| {
            c.is_ascii_alphanumeric() || " ._-".contains(c)
        })
    })
}

/// The same, and words that mean nothing else: `REPLACE_ME`, `YOUR_CLUSTER`, `xxxx`. For what names
/// something on AWS; in a text that people read they may be meant.
pub fn placeholder_of_name(text: &str) -> Option<&str> {
    let is_blank = |word: &&str| {
        word.len() >= 4 && (word.bytes().all(|c| c == b'x') || word.bytes().all(|c| c == b'X'))
    };
    let stands_for_another = |word: &&str| WORDS.contains(word) || word.starts_with("YOUR_");
    placeholder(text).or_else(|| {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .find(|word| is_blank(word) || stands_for_another(word))
    })
}

/// The placeholder in an environment variable, where it is a setting of a worker. What jobs are made of,
/// and variables of programs, may hold those of a shell and mean them; so may what people read, and a log
/// filter. Schedules are checked for it before a worker is, which refuses the same when it starts.
pub fn placeholder_of_setting<'t>(name: &str, value: &'t str) -> Option<&'t str> {
    const LEFT_ALONE: [&str; 5] = [
        "JOB_SPEC",
        "JOB_COMMAND",
        "JOB_STDIN",
        "JOB_NAME",
        "XRAY_ECS_LOG",
    ];
    const PREFIXES: [&str; 3] = ["JOB_", "XRAY_ECS_", "AWS_ENDPOINT_URL"];
    const NAMES: [&str; 7] = [
        "AWS_ACCOUNT_ID",
        "AWS_CA_BUNDLE",
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_ROLE_ARN",
        "AWS_XRAY_DAEMON_ADDRESS",
    ];
    let is_setting = NAMES.contains(&name)
        || (PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && !LEFT_ALONE.contains(&name));
    placeholder_of_name(value).filter(|_| is_setting)
}

/// Words that stand where a value is to come.
const WORDS: [&str; 10] = [
    "REPLACE_ME",
    "REPLACEME",
    "CHANGE_ME",
    "CHANGEME",
    "ACCOUNT_ID",
    "AWS_ACCOUNT_ID",
    "aws_account_id",
    "AWS_REGION",
    "TODO",
    "FIXME",
];

/// The first name between these two, with them.
fn between<'t>(
    text: &'t str,
    opening: &str,
    closing: char,
    is_of_name: impl Fn(char) -> bool,
) -> Option<&'t str> {
    text.match_indices(opening).find_map(|(start, _)| {
        let inside = start + opening.len();
        let end = inside + text[inside..].find(closing)?;
        let name = &text[inside..end];
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (begins && name.chars().all(&is_of_name)).then(|| &text[start..end + closing.len_utf8()])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_to_be_filled_in_is_found() {
        for (text, found) in [
            ("arn:aws:iam::${AWS_ACCOUNT_ID}:role/x", "${AWS_ACCOUNT_ID}"),
            ("${region}", "${region}"),
            ("s3://${aws:username}/${B_1}", "${B_1}"),
            ("<account-id>.dkr.ecr", "<account-id>"),
            ("a < b <your account>", "<your account>"),
            ("<aws.events.rule-arn>", "<aws.events.rule-arn>"),
        ] {
            assert_eq!(placeholder(text), Some(found), "{text}");
            assert_eq!(placeholder_of_name(text), Some(found), "{text}");
        }
        for (text, found) in [
            ("subnet-xxxx", "xxxx"),
            ("arn:aws:sqs:eu-west-1:XXXXXXXXXXXX:q", "XXXXXXXXXXXX"),
            ("REPLACE_ME", "REPLACE_ME"),
            ("role/YOUR_ROLE", "YOUR_ROLE"),
            (
                "AWS_ACCOUNT_ID.dkr.ecr.AWS_REGION.amazonaws.com",
                "AWS_ACCOUNT_ID",
            ),
            (
                "aws_account_id.dkr.ecr.us-west-2.amazonaws.com",
                "aws_account_id",
            ),
            ("sqs.AWS_REGION.amazonaws.com", "AWS_REGION"),
        ] {
            assert_eq!(placeholder(text), None, "{text}");
            assert_eq!(placeholder_of_name(text), Some(found), "{text}");
        }
    }

    #[test]
    fn what_is_meant_as_it_stands_is_none() {
        for text in [
            "",
            "${",
            "${}",
            "${aws:PrincipalTag/team}",
            "${*}",
            "$NAME",
            "{name}",
            "a<1>",
            "1 < 2 and 3 > 2",
            "<>",
            "${1}",
            "ü${é}",
            "subnet-0a1b2c3d",
            "xxx",
            "xxxxy",
            "arn:aws:iam::123456789012:role/x",
            "PROD_CLUSTER",
            "xray-ecs:LATEST_STABLE",
        ] {
            assert_eq!(placeholder_of_name(text), None, "{text}");
        }
    }
}
