//! The programs that docs/deploy.md calls, as its test gives them to it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::program::Place;
use crate::schedule::tasks::Workers;

/// Knows the commands of the document, and none beside. What it pushes is an index with a tag, and before
/// it the manifest of one platform without one, as BuildKit does with the image store of containerd.
const DOCKER: &str = r#"#!/bin/sh
set -eu
echo "docker $*" >> log
case "$*" in
"build --platform linux/"*" --tag "*" --build-arg COMMIT="*" --build-arg COMMIT_DATE=2026-"*" .") ;;
"login --username AWS --password-stdin "*) test -n "$(cat)" ;;
"push "*)
    tag=${2##*:}
    put() {
        media=$1 what=$2
        shift 2
        aws ecr put-image --repository-name xray-ecs "$@" --image-manifest \
            "{\"schemaVersion\": 2, \"mediaType\": \"$media\", \"config\": {\"digest\": \"$what\"}}" > pushed
    }
    put application/vnd.oci.image.manifest.v1+json "platform of $tag"
    put application/vnd.oci.image.index.v1+json "$tag" --image-tag "$tag"
    ;;
*)
    echo "what is docker $*?" >&2
    exit 1
    ;;
esac
"#;

/// Builds nothing: the program stands beside it.
const CARGO: &str = "#!/bin/sh\ntest \"$*\" = 'build --release'\n";

/// Each commit has another one after it.
const GIT: &str = r#"#!/bin/sh
set -eu
if test "$*" = "log -1 --format=%cs"; then echo 2026-01-02; exit; fi
if test "$*" = "status --porcelain"; then exit; fi
test "$*" = "rev-parse --short HEAD"
if test -e commit; then echo 5d6e7f8; else echo 1a2b3c4; touch commit; fi
"#;

pub(super) fn program(place: &Place, name: &str, text: &str) {
    std::fs::create_dir_all(place.path().join("bin")).unwrap();
    let name = format!("bin/{name}");
    place.write(&name, text);
    let permissions = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(place.path().join(name), permissions).unwrap();
}

/// The programs of others. For SQS version 1 of the AWS CLI takes its endpoint from the flag alone.
pub(super) fn programs(place: &Place, python: &Path) {
    let aws = format!(
        "#!/bin/sh\nexec '{}' -m awscli --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"\n",
        python.display()
    );
    program(place, "aws", &aws);
    program(place, "docker", DOCKER);
    program(place, "git", GIT);
    program(place, "cargo", CARGO);
}

/// The program. An audit finds what was due before the rule was made.
pub(super) fn xray_ecs(workers: &Workers) -> String {
    format!(
        "#!/bin/sh\n\
         export AWS_ENDPOINT_URL='{}' AWS_ENDPOINT_URL_S3='{}' AWS_ENDPOINT_URL_XRAY='{}' COLUMNS=80\n\
         if test \"$2\" = audit; then '{program}' \"$@\" --local=of-audit || test $? = 1; exit; fi\n\
         exec '{program}' \"$@\"\n",
        workers.scene.aws.endpoint(),
        workers.served.s3,
        workers.served.xray,
        program = env!("CARGO_BIN_EXE_xray-ecs"),
    )
}
