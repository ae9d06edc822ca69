//! A whole worker with a job kind of its own: counts the words of files, each as a traced job.

use std::process::ExitCode;

use xray_ecs::{BoxError, JobContext, Permanent, Worker};

#[derive(serde::Deserialize)]
struct WordCount {
    path: std::path::PathBuf,
}

async fn count_words(job: WordCount, context: JobContext) -> Result<usize, BoxError> {
    let text = match tokio::fs::read_to_string(&job.path).await {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Permanent(error.into()).into());
        }
        Err(error) => return Err(error.into()), // may pass: another attempt follows
    };
    let _step = tracing::info_span!("count", attempt = context.attempt).entered();
    Ok(text.split_whitespace().count())
}

fn main() -> ExitCode {
    Worker::new().kind("word-count", count_words).main()
}
