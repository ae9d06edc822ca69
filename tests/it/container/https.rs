//! A task whose S3, X-Ray and STS speak TLS under an authority that nobody knows of: the image is told
//! of it by `AWS_CA_BUNDLE`.

use super::network::HOST;
use super::task::{buckets, numbered};
use super::{Overrides, Scene};
use crate::tls::{Authority, TlsFront};

/// TLS in front of each service, as long as it lives.
struct Fronts {
    _fronts: Vec<TlsFront>,
    variables: Vec<(&'static str, String)>,
}

impl Fronts {
    fn new(scene: &Scene, authority: &Authority) -> Self {
        let mut fronts = Vec::new();
        let mut variables = Vec::new();
        for (name, url) in scene.aws.variables() {
            let front = TlsFront::start(&format!("{HOST}:0"), authority.server(&[HOST]), &url);
            variables.push((name, front.url()));
            fronts.push(front);
        }
        Self {
            _fronts: fronts,
            variables,
        }
    }

    fn overrides(&self, scene: &Scene) -> Overrides {
        let mut overrides = scene.overrides_with(&buckets(&numbered(3)));
        for (name, url) in &self.variables {
            overrides.set("worker", name, url);
            overrides.set("xray-daemon", name, url);
        }
        overrides
    }
}

#[test]
fn a_task_trusts_the_authority_that_it_is_told_of_and_no_other() {
    let Some(scene) = Scene::new() else { return };
    let authority = Authority::new("acme internal");
    let fronts = Fronts::new(&scene, &authority);

    let overrides = fronts.overrides(&scene);
    let untold = scene.run(&overrides);
    assert_ne!(untold.exit_code(), 0);
    let lines = &untold.container("worker").lines;
    assert!(
        lines.iter().any(|line| line.contains("AWS_CA_BUNDLE")),
        "{lines:#?}"
    );
    assert!(scene.documents().is_empty());

    scene.place.write("ca.pem", authority.pem());
    let path = scene.place.path().join("ca.pem");
    let mut overrides = fronts.overrides(&scene);
    for container in ["worker", "xray-daemon"] {
        overrides.file(container, path.to_str().unwrap(), "/ca.pem");
        overrides.set(container, "AWS_CA_BUNDLE", "/ca.pem");
    }
    let told = scene.run(&overrides);
    assert_eq!(told.exit_code(), 0, "{:#?}", told.container("worker").lines);
    for bucket in numbered(3) {
        scene.aws.assert_bucket(&bucket);
    }
    assert_eq!(scene.documents().len(), 4);
}
