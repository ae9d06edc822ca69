use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde::Deserialize;

use super::ast::{
    AnnotationTest, CausePart, Causes, NumberOperator, NumberTest, Selector, Test, TextOperator,
    TextTest,
};
use super::keyword::{Context, FIELDS, Field};
use super::root_cause::{CausePattern, EntityPattern, ExceptionPattern, ServicePattern};
use super::*;

/// The groups of the vectors.
pub(in crate::filter) fn groups(name: &str) -> Option<String> {
    match name {
        "high_response_time" => Some("responseTime > 3".into()),
        "loop" => Some("group.name = \"loop\"".into()),
        "here" => Some("group.name = \"there\"".into()),
        "there" => Some("ok OR group.arn = \"here\"".into()),
        "broken" => Some("ok AND\nfalt".into()),
        "all" => Some(String::new()),
        _ => None,
    }
}

fn parse(text: &str) -> Result<FilterExpression, FilterError> {
    FilterExpression::parse(text, &groups)
}

#[test]
fn the_vectors_are_expressions_or_not() {
    #[derive(Deserialize)]
    struct Vectors {
        cases: Vec<Case>,
    }
    #[derive(Deserialize)]
    struct Case {
        expr: String,
        valid: bool,
    }
    let vectors = include_str!("../../tests/vectors/filter_parse.json");
    let vectors: Vectors = serde_json::from_str(vectors).unwrap();
    assert!(vectors.cases.len() > 70);
    for Case { expr, valid } in vectors.cases {
        let parsed = parse(&expr);
        assert_eq!(parsed.is_ok(), valid, "{expr}: {parsed:?}");
        if let Ok(parsed) = parsed {
            let written = parsed.to_string();
            assert_eq!(parse(&written), Ok(parsed), "{expr} as {written}");
        }
    }
}

#[test]
fn an_expression_has_one_form() {
    for (text, form) in [
        (
            "FAULT or error and http.status!=200",
            "fault OR error AND http.status != 200",
        ),
        (
            "ok !partial duration <3",
            "ok AND !partial AND duration < 3",
        ),
        ("((ok) AND (partial fault))", "ok AND partial AND fault"),
        ("!(ok OR fault) error", "!(ok OR fault) AND error"),
        ("!!ok", "!!ok"),
        ("fault != TRUE", "fault = false"),
        ("service{ root }", "service() { root }"),
        ("service(id(name:\"a\"))", "service(\"a\")"),
        (
            "edge(id(account.id:\"1\",type:\"t\"),\"b\")",
            "edge(id(type: \"t\", account.id: \"1\"), \"b\")",
        ),
        (
            "rootcause.Fault.Service { name = traces }",
            "rootcause.fault.service { name = \"traces\" }",
        ),
        (
            "rootcause.json != #[ {\"Services\": []} ] ok",
            "rootcause.json != #[{\"Services\":[]}] AND ok",
        ),
        (
            "annotation[Request.ID] beginswith \"a\\\"\"",
            "annotation[Request.ID] BEGINSWITH \"a\\\"\"",
        ),
        ("Annotation [Key] = 1e300", "annotation.Key = 1e300"),
        ("annotation.x != false", "annotation.x = true"),
        (
            "group.name = \"high_response_time\"",
            "group.name = \"high_response_time\"",
        ),
        (" \n ", ""),
    ] {
        assert_eq!(parse(text).unwrap().to_string(), form, "{text}");
    }
}

#[test]
fn an_error_says_where_and_what_was_expected() {
    for (text, column, message) in [
        (
            "http.status >= abc",
            16,
            "expected a number after >=, found \"abc\"",
        ),
        (
            "responsetime CONTAINS 5",
            14,
            "expected =, !=, <, <=, > or >= after responsetime, found \"CONTAINS\"",
        ),
        (
            "http.url = 5",
            12,
            "expected text in double quotes after =, found 5",
        ),
        (
            "user contains",
            14,
            "expected text in double quotes after CONTAINS, found the end",
        ),
        ("fault > true", 7, "expected = or != after fault, found >"),
        ("fault = 1", 9, "expected true or false after =, found 1"),
        (
            "ok AND falt",
            8,
            "unknown keyword \"falt\", did you mean fault?",
        ),
        (
            "http.statuscode = 500",
            1,
            "unknown keyword \"http.statuscode\", did you mean http.status?",
        ),
        (
            "http.url CONTAIN \"x\"",
            10,
            "unknown keyword \"CONTAIN\", did you mean CONTAINS?",
        ),
        ("keyword", 1, "unknown keyword \"keyword\""),
        ("NOT ok", 1, "unknown keyword \"NOT\"; write !"),
        ("AND fault", 1, "expected a keyword, found \"AND\""),
        ("fault AND ", 11, "expected a keyword, found the end"),
        ("(fault", 7, "expected AND, OR or ), found the end"),
        ("fault)", 6, "expected AND, OR or the end, found )"),
        ("ok && fault", 4, "unexpected '&'; write AND"),
        (
            "last",
            1,
            "last is not valid outside of braces, only in the braces of root causes",
        ),
        (
            "service(\"a\") { service(\"b\") }",
            16,
            "service is not valid in the braces of service, only outside of braces",
        ),
        (
            "rootcause.fault.exception { annotation.a }",
            29,
            "annotations are not valid in the braces of a root cause's exception",
        ),
        (
            "service(api)",
            9,
            "expected a service's name in double quotes, id(…) or ), found \"api\"",
        ),
        (
            "service(id(name: \"a\", name: \"b\"))",
            23,
            "name is given twice",
        ),
        (
            "edge(\"a\")",
            9,
            "expected , and the called service, found )",
        ),
        (
            "id(name: \"a\")",
            1,
            "id stands in the parentheses of service and edge only",
        ),
        ("annotation.", 12, "expected a key after annotation."),
        (
            "annotation.a.b = 1",
            15,
            "a key with a dot stands in brackets: annotation[a.b]",
        ),
        (
            "annotation = 1",
            12,
            "expected a key: annotation.KEY or annotation[KEY]",
        ),
        (
            "annotation[\"a\"]",
            12,
            "expected a key without quotes in the brackets",
        ),
        (
            "annotation.a < \"b\"",
            16,
            "expected a number after <, found \"b\"",
        ),
        (
            "annotation.a CONTAINS 5",
            23,
            "expected text in double quotes after CONTAINS, found 5",
        ),
        (
            "annotation.a = AND",
            16,
            "expected a value after =, found \"AND\"",
        ),
        (
            "rootcause.fault.services",
            1,
            "unknown keyword \"rootcause.fault.services\", did you mean rootcause.fault.service?",
        ),
        (
            "rootcause.json = #[{bad}]",
            21,
            "root causes: key must be a string",
        ),
        ("group.name = \"none\"", 14, "there is no group \"none\""),
        (
            "group.name = \"loop\"",
            14,
            "group \"loop\": column 14: group \"loop\" is made of itself",
        ),
        (
            "group.name = \"broken\"",
            14,
            "group \"broken\": column 8: unknown keyword \"falt\", did you mean fault?",
        ),
        ("user = \"ü\" é", 12, "unknown keyword \"é\""),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!((error.column, error.message.as_str()), (column, message));
    }
    let error = parse("rootcause.json = #[{\"Service\": []}]").unwrap_err();
    assert!(error.message.contains("unknown field `Service`"), "{error}");
    let error = parse("group.name = \"here\"").unwrap_err();
    assert!(error.message.ends_with("is made of itself"), "{error}");
}

#[test]
fn nothing_is_nested_or_written_without_bound() {
    for (open, close) in [("(", ")"), ("!", "")] {
        let nested = |depth: usize| format!("{}ok{}", open.repeat(depth), close.repeat(depth));
        assert!(parse(&nested(DEPTH_MAX)).is_ok());
        let error = parse(&nested(DEPTH_MAX + 1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("column {}: nested more than 50 deep", DEPTH_MAX + 1)
        );
    }
    let long = format!("user = \"{}\"", "é".repeat(LENGTH_MAX));
    assert_eq!(
        parse(&long).unwrap_err().to_string(),
        "column 2001: longer than 2000 characters"
    );
}

#[test]
fn groups_are_read_once_and_in_bounds() {
    // Each names the next twice: read as often as named, that would be 2^40 expressions.
    let doubling = |name: &str| {
        let number: usize = name.parse().ok()?;
        let next = number + 1;
        Some(match number {
            0..40 => format!("group.name = \"{next}\" AND group.name = \"{next}\""),
            _ => "ok".to_owned(),
        })
    };
    let parsed = FilterExpression::parse("group.name = \"0\"", &doubling).unwrap();
    assert_eq!(parsed.groups.len(), 41);

    let endless = |name: &str| Some(format!("group.name = \"{name}+\""));
    let error = FilterExpression::parse("group.name = \"a\"", &endless).unwrap_err();
    assert!(
        error.message.ends_with("nested more than 50 deep"),
        "{error}"
    );

    let wide = |_: &str| Some("ok".to_owned());
    let many: Vec<_> = (0..=GROUPS_MAX)
        .map(|n| format!("group.name=\"{n}\""))
        .collect();
    let error = FilterExpression::parse(&many.join(" "), &wide).unwrap_err();
    assert_eq!(error.message, "made of more than 100 groups");
}

#[test]
fn a_selector_selects_services_or_edges() {
    for (text, selects, form) in [
        ("service()", Selects::Services, "service()"),
        (
            "id(name: \"a\", type: \"t\")",
            Selects::Services,
            "service(id(name: \"a\", type: \"t\"))",
        ),
        (
            "id(name: \"a\") { fault }",
            Selects::Services,
            "service(\"a\") { fault }",
        ),
        (
            "edge(\"a\", \"b\"){ !ok }",
            Selects::Edges,
            "edge(\"a\", \"b\") { !ok }",
        ),
    ] {
        let selector: EntitySelector = text.parse().unwrap();
        assert_eq!(selector.selects(), selects);
        assert_eq!(selector.to_string(), form);
        assert_eq!(form.parse(), Ok(selector));
    }
    for (text, error) in [
        ("", "column 1: expected service, edge or id, found the end"),
        (
            "servise(\"a\")",
            "column 1: expected service, edge or id, did you mean service?, found \"servise\"",
        ),
        (
            "service() OR service()",
            "column 11: expected the end, found \"OR\"",
        ),
        (
            "fault",
            "column 1: expected service, edge or id, found \"fault\"",
        ),
    ] {
        let parsed = text.parse::<EntitySelector>();
        assert_eq!(parsed.unwrap_err().to_string(), error);
    }
    let every: EntitySelector = "edge(id(), id())".parse().unwrap();
    assert_eq!(every, EntitySelector::default());
    let long = format!("service(\"{}\")", "a".repeat(SELECTOR_LENGTH_MAX));
    assert_eq!(long.parse::<EntitySelector>().unwrap_err().column, 501);
}

fn text_test() -> impl Strategy<Value = TextTest> {
    let operator = prop_oneof![
        Just(TextOperator::Equal),
        Just(TextOperator::NotEqual),
        Just(TextOperator::Contains),
        Just(TextOperator::BeginsWith),
        Just(TextOperator::EndsWith),
    ];
    let value = prop_oneof![any::<String>(), "[\"\\\\a ]{0,6}"];
    (operator, value).prop_map(|(operator, value)| TextTest(operator, value))
}

fn number_test() -> impl Strategy<Value = NumberTest> {
    let operator = prop_oneof![
        Just(NumberOperator::Equal),
        Just(NumberOperator::NotEqual),
        Just(NumberOperator::Less),
        Just(NumberOperator::LessOrEqual),
        Just(NumberOperator::Greater),
        Just(NumberOperator::GreaterOrEqual),
    ];
    let finite =
        proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO;
    let value = prop_oneof![finite, (-1000..1000).prop_map(f64::from)];
    (operator, value).prop_map(|(operator, value)| NumberTest(operator, value))
}

fn test(context: Context) -> BoxedStrategy<Test> {
    let fields = FIELDS
        .iter()
        .filter(move |(_, _, valid)| valid.contains(&context));
    let fields: Vec<_> = fields.map(|(_, field, _)| *field).collect();
    let field = prop::sample::select(fields);
    let of_field = field.prop_flat_map(|field| match field {
        Field::Boolean(field) => any::<bool>()
            .prop_map(move |expected| Test::Boolean { field, expected })
            .boxed(),
        Field::Number(field) => option::of(number_test())
            .prop_map(move |comparison| Test::Number { field, comparison })
            .boxed(),
        Field::Text(field) => option::of(text_test())
            .prop_map(move |comparison| Test::Text { field, comparison })
            .boxed(),
    });
    if !keyword::has_annotations(context) {
        return of_field.boxed();
    }
    let comparison = prop_oneof![
        text_test().prop_map(AnnotationTest::Text),
        number_test().prop_map(AnnotationTest::Number),
        any::<bool>().prop_map(AnnotationTest::Boolean),
    ];
    // Keys have no space around them, and neither quote nor bracket.
    let key = prop_oneof!["[a-z0-9_]{1,8}", "[^\\s\\]\"]([^\\]\"]{0,6}[^\\s\\]\"])?"];
    let annotation = (key, option::of(comparison))
        .prop_map(|(key, comparison)| Test::Annotation { key, comparison });
    prop_oneof![3 => of_field, 1 => annotation].boxed()
}

pub(in crate::filter) fn expr<T: Clone + fmt::Debug + 'static>(
    term: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Expr<T>> {
    term.prop_map(Expr::Term).prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(Expr::all),
            vec(inner.clone(), 1..4).prop_map(Expr::any),
            inner.prop_map(|negated| Expr::Not(Box::new(negated))),
        ]
    })
}

fn filter(context: Context) -> impl Strategy<Value = Option<Expr<Test>>> {
    option::of(expr(test(context)))
}

fn selector() -> impl Strategy<Value = Selector> {
    let part = || option::of(any::<String>());
    (part(), part(), part()).prop_map(|(name, kind, account)| Selector {
        name,
        kind,
        account,
    })
}

fn cause_pattern() -> impl Strategy<Value = CausePattern> {
    let text = || option::of(any::<String>());
    let exception = (text(), text()).prop_map(|(name, message)| ExceptionPattern { name, message });
    let coverage = option::of((0..1000).prop_map(|thousandths| f64::from(thousandths) / 1000.0));
    let entity = (
        text(),
        coverage,
        any::<Option<bool>>(),
        option::of(vec(exception, 0..2)),
    );
    let entity = entity.prop_map(|(name, coverage, remote, exceptions)| EntityPattern {
        name,
        coverage,
        remote,
        exceptions,
    });
    let service = (
        text(),
        text(),
        text(),
        any::<Option<bool>>(),
        option::of(vec(entity, 0..3)),
    );
    let service =
        service.prop_map(
            |(name, account_id, r#type, inferred, entity_path)| ServicePattern {
                names: name.clone().map(|name| vec![name]),
                name,
                account_id,
                r#type,
                inferred,
                entity_path,
            },
        );
    (option::of(vec(service, 0..3)), any::<Option<bool>>()).prop_map(
        |(services, client_impacting)| CausePattern {
            services,
            client_impacting,
        },
    )
}

pub(in crate::filter) fn term() -> impl Strategy<Value = Term> {
    let causes = prop_oneof![
        Just(Causes::Fault),
        Just(Causes::Error),
        Just(Causes::ResponseTime)
    ];
    let part = prop_oneof![
        Just(CausePart::Service),
        Just(CausePart::Entity),
        Just(CausePart::Exception)
    ];
    let root_cause = (causes, part).prop_flat_map(|(causes, part)| {
        filter(part.context()).prop_map(move |filter| Term::RootCause {
            causes,
            part,
            filter,
        })
    });
    prop_oneof![
        4 => test(Context::Trace).prop_map(Term::Test),
        2 => (selector(), filter(Context::Service))
            .prop_map(|(service, filter)| Term::Service { service, filter }),
        2 => (selector(), selector(), filter(Context::Edge))
            .prop_map(|(source, target, filter)| Term::Edge { source, target, filter }),
        2 => root_cause,
        1 => (vec(cause_pattern(), 1..3), any::<bool>())
            .prop_map(|(causes, equal)| Term::RootCauseJson { causes, equal }),
        1 => (any::<bool>()).prop_map(|equal| Term::Group {
            by: ast::GroupKey::Name, name: "all".into(), group: 0, equal,
        }),
    ]
}

proptest! {
    #[test]
    fn an_expression_reads_back_the_same(expression in expr(term())) {
        let text = expression.to_string();
        let parsed = FilterExpression::read(&text, &groups).map_err(|error| {
            TestCaseError::fail(format!("{error}\n{}", error.caret(&text)))
        })?;
        prop_assert_eq!(parsed.expression, Some(expression));
    }

    #[test]
    fn any_text_is_an_expression_or_an_error_within_it(text: String) {
        within(&text)?;
    }

    #[test]
    fn any_tokens_are_an_expression_or_an_error_within_them(
        tokens in vec(prop::sample::select(TOKENS.to_vec()), 0..30),
        between in prop::sample::select(vec!["", " ", "\n"]),
    ) {
        within(&tokens.join(between))?;
    }
}

const TOKENS: [&str; 42] = [
    "ok",
    "fault",
    "AND",
    "OR",
    "!",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "=",
    "!=",
    "<",
    ">=",
    ",",
    ":",
    "#",
    "\"",
    "\"a\"",
    "\\",
    "-",
    "1",
    "2.5",
    "true",
    "user",
    "name",
    "CONTAINS",
    "http.status",
    "service",
    "edge",
    "id",
    "service(\"a\")",
    "annotation",
    "annotation.k",
    "group.name",
    "rootcause.json",
    "#[{\"Services\":[",
    "rootcause.fault.entity",
    "last",
    "é",
    "日",
];

fn within(text: &str) -> Result<(), TestCaseError> {
    let selector = text.parse::<EntitySelector>().map(|_| ());
    for result in [parse(text).map(|_| ()), selector] {
        if let Err(error) = result {
            prop_assert!(
                (1..=text.chars().count() + 1).contains(&error.column),
                "{error}"
            );
            prop_assert!(error.caret(text).lines().count() <= 2);
        }
    }
    Ok(())
}
