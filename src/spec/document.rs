//! What stands in a source, before it is checked.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use checked_json::Fault;

/// The content of a source and where it came from; cheap to clone.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) source_name: Arc<str>,
    content: Content,
    /// The job stands in variables; what is wrong with these alone.
    pub(super) variables: Option<Arc<[Fault]>>,
}

#[derive(Clone, Debug)]
enum Content {
    Text(Arc<str>),
    /// A file that can be read more than once.
    File(Arc<File>),
}

/// Reads a document from its begin.
pub(super) type Reader = BufReader<Box<dyn Read + Send>>;

impl Document {
    /// A job file's text; `source_name` names it in faults.
    pub fn new(source_name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self {
            source_name: source_name.into(),
            content: Content::Text(text.into()),
            variables: None,
        }
    }

    /// An open regular file, which is read when it is needed.
    pub fn of_file(source_name: impl Into<Arc<str>>, file: File) -> Self {
        Self {
            source_name: source_name.into(),
            content: Content::File(Arc::new(file)),
            variables: None,
        }
    }

    /// What the faults call the document.
    pub fn source_name(&self) -> &str {
        &self.source_name
    }

    pub(super) fn reader(&self) -> Reader {
        let reader: Box<dyn Read + Send> = match &self.content {
            Content::Text(text) => Box::new(Cursor::new(Bytes(Arc::clone(text)))),
            Content::File(file) => Box::new(FromBegin {
                file: Arc::clone(file),
                offset: 0,
            }),
        };
        BufReader::with_capacity(64 * 1024, reader)
    }
}

struct Bytes(Arc<str>);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Reads a file with a position of its own, so that several may read it at once.
struct FromBegin {
    file: Arc<File>,
    offset: u64,
}

impl Read for FromBegin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read_at(buffer, self.offset)?;
        self.offset += len as u64;
        Ok(len)
    }
}
