//! Why a program did not do its work, in words that say what to mend.

use std::io;
use std::path::Path;

use rustix::process::Signal;

use super::text::last_lines;
use super::{CommandOutput, CommandSpec};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It exited with a code that is no success.
    #[error("`{program}` exited with code {code}{}", last_words(.output))]
    ExitCode {
        /// The program.
        program: String,
        /// The code.
        code: i32,
        /// What it wrote.
        output: Box<CommandOutput>,
    },
    /// A signal ended it, sent by somebody else.
    #[error("`{program}` was killed by {}{}", signal_name(*.signal), last_words(.output))]
    Signal {
        /// The program.
        program: String,
        /// The signal's number.
        signal: i32,
        /// What it wrote.
        output: Box<CommandOutput>,
    },
    /// The run stopped it.
    #[error("`{program}` was stopped{}{}", if *.is_killed { " by SIGKILL, it did not end in time after SIGTERM" } else { "" }, last_words(.output))]
    Stopped {
        /// The program.
        program: String,
        /// Whether its group had to be killed after the grace.
        is_killed: bool,
        /// What it wrote.
        output: Box<CommandOutput>,
    },
    /// It could not be started.
    #[error("start `{program}`: {fault}")]
    Spawn {
        /// The program.
        program: String,
        /// Why.
        fault: SpawnFault,
    },
    /// It was started, but its end could not be seen.
    #[error("wait for `{program}`")]
    Wait {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
}

/// Why a program could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnFault {
    /// The command is empty.
    #[error("the command is empty, name a program")]
    NoProgram,
    /// No such program in PATH.
    #[error("not found in PATH ({path}): install it in the image, or write its whole path")]
    NotInPath {
        /// The directories that were searched.
        path: String,
    },
    /// No such file.
    #[error("no such file: check the path, and that the image holds it")]
    NotFound,
    /// The file is there, what runs it is not.
    #[error("the interpreter or loader that it names does not exist: check its first line")]
    NoInterpreter,
    /// The working directory is missing, or is none.
    #[error("working directory `{0}` is no directory: make it, or mend `working_directory`")]
    WorkingDirectory(String),
    /// It may not be run.
    #[error("permission denied: make it executable, and its directories readable, for this user")]
    PermissionDenied,
    /// The system refuses for another reason.
    #[error("{0}")]
    Other(io::Error),
}

impl CommandError {
    /// What its exception is called in the trace.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::ExitCode { .. } => "ExitCode",
            Self::Signal { .. } => "Signal",
            Self::Stopped { .. } => "Stopped",
            Self::Spawn { .. } => "Spawn",
            Self::Wait { .. } => "Wait",
        }
    }

    /// Whether a later attempt may fare better. A program that ran and failed is retried as its
    /// job says; one that cannot be started is not, unless the machine was short of something.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::ExitCode { .. } | Self::Signal { .. } => true,
            Self::Stopped { .. } | Self::Wait { .. } => false,
            Self::Spawn { fault, .. } => match fault {
                SpawnFault::Other(error) => matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock // no more processes
                        | io::ErrorKind::OutOfMemory
                        | io::ErrorKind::ExecutableFileBusy
                ),
                _ => false,
            },
        }
    }

    /// What the program wrote, when it was started.
    pub(super) fn output_mut(&mut self) -> Option<&mut CommandOutput> {
        match self {
            Self::ExitCode { output, .. }
            | Self::Signal { output, .. }
            | Self::Stopped { output, .. } => Some(output),
            Self::Spawn { .. } | Self::Wait { .. } => None,
        }
    }

    /// What the program wrote, when it was started.
    pub(super) fn output(&self) -> Option<&CommandOutput> {
        match self {
            Self::ExitCode { output, .. }
            | Self::Signal { output, .. }
            | Self::Stopped { output, .. } => Some(output),
            Self::Spawn { .. } | Self::Wait { .. } => None,
        }
    }
}

impl SpawnFault {
    /// What the system's error means for this command. `path` is the PATH that was searched.
    pub(super) fn new(spec: &CommandSpec, path: Option<String>, error: io::Error) -> Self {
        let program = spec.command.first().map_or("", String::as_str);
        if let Some(directory) = &spec.working_directory
            && !Path::new(directory).is_dir()
        {
            return Self::WorkingDirectory(directory.clone());
        }
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::NotFound if !program.contains('/') => Self::NotInPath {
                path: path.unwrap_or_else(|| "not set".to_owned()),
            },
            io::ErrorKind::NotFound => {
                // A relative path starts in the working directory.
                let directory = Path::new(spec.working_directory.as_deref().unwrap_or("."));
                if directory.join(program).exists() {
                    Self::NoInterpreter
                } else {
                    Self::NotFound
                }
            }
            _ => Self::Other(error),
        }
    }
}

/// What it wrote last: to standard error, else to standard output.
fn last_words(output: &CommandOutput) -> String {
    let words = [&output.stderr, &output.stdout].map(|stream| last_lines(&stream.text));
    match words.iter().find(|words| !words.is_empty()) {
        Some(words) => format!(": {words}"),
        None => String::new(),
    }
}

/// The names that signal(7) has for what ends programs.
fn signal_name(number: i32) -> String {
    let name = match Signal::from_named_raw(number) {
        Some(Signal::HUP) => "SIGHUP",
        Some(Signal::INT) => "SIGINT",
        Some(Signal::QUIT) => "SIGQUIT",
        Some(Signal::ILL) => "SIGILL",
        Some(Signal::TRAP) => "SIGTRAP",
        Some(Signal::ABORT) => "SIGABRT",
        Some(Signal::BUS) => "SIGBUS",
        Some(Signal::FPE) => "SIGFPE",
        Some(Signal::KILL) => "SIGKILL",
        Some(Signal::USR1) => "SIGUSR1",
        Some(Signal::SEGV) => "SIGSEGV",
        Some(Signal::USR2) => "SIGUSR2",
        Some(Signal::PIPE) => "SIGPIPE",
        Some(Signal::ALARM) => "SIGALRM",
        Some(Signal::TERM) => "SIGTERM",
        Some(Signal::XCPU) => "SIGXCPU",
        Some(Signal::XFSZ) => "SIGXFSZ",
        Some(Signal::SYS) => "SIGSYS",
        _ => return format!("signal {number}"),
    };
    name.to_owned()
}
