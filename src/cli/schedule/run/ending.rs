//! How tasks ended, and with which code the program does.

use scheduler::run_task::Ended;

use crate::outcome::ExitStatus;

/// What is known of the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ending {
    codes: Vec<u8>,
    is_stopped: bool,
    is_out_of_time: bool,
}

impl Ending {
    /// A task was not started.
    pub(super) fn failed_to_start(&mut self) {
        self.codes.push(ExitStatus::Failed.code());
    }

    /// Somebody stopped the tasks.
    pub(super) fn stopped(&mut self) {
        self.is_stopped = true;
    }

    /// Their time was over.
    pub(super) fn out_of_time(&mut self) {
        self.is_out_of_time = true;
    }

    pub(super) fn is_out_of_time(&self) -> bool {
        self.is_out_of_time
    }

    /// A task ended.
    pub(super) fn task(&mut self, ended: &Ended) {
        let code = ended
            .exit_code
            .map(|code| u8::try_from(code).unwrap_or(u8::MAX));
        self.codes.push(code.unwrap_or(ExitStatus::Failed.code()));
    }

    /// That of the worker; of several the one that matters most, as among the codes of a run.
    pub(super) fn code(&self) -> u8 {
        let has = |status: ExitStatus| self.codes.contains(&status.code());
        let failed = self.codes.iter().max().copied();
        match failed {
            // What ended well before a stop came did not need it.
            Some(0) => 0,
            None if !self.is_stopped && !self.is_out_of_time => 0,
            // Our own stop is why, whatever code a worker makes of SIGTERM.
            _ if self.is_stopped => ExitStatus::Stopped.code(),
            _ if self.is_out_of_time => ExitStatus::DeadlinePassed.code(),
            _ if has(ExitStatus::Stopped) => ExitStatus::Stopped.code(),
            _ if has(ExitStatus::DeadlinePassed) => ExitStatus::DeadlinePassed.code(),
            failed => failed.unwrap_or_default(),
        }
    }
}

/// How a task ended, in a line.
pub(super) fn told(ended: &Ended) -> String {
    let label = &ended.task.label;
    let how = match ended.exit_code {
        Some(code) => format!("exit code {code}"),
        None => "no exit code".to_owned(),
    };
    match &ended.reason {
        Some(reason) => format!("{label}: {how} ({reason})"),
        None => format!("{label}: {how}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(codes: &[u8]) -> Ending {
        Ending {
            codes: codes.to_vec(),
            ..Ending::default()
        }
    }

    #[test]
    fn one_worker_s_code_is_passed_on_and_of_several_the_one_that_matters() {
        for (codes, wanted) in [
            (&[][..], 0),
            (&[0, 0], 0),
            (&[7], 7),
            (&[137], 137),
            (&[0, 1], 1),
            (&[1, 4, 0], 4),
            (&[1, 4, 3], 3),
        ] {
            assert_eq!(ending(codes).code(), wanted, "{codes:?}");
        }
    }

    #[test]
    fn a_stop_or_a_deadline_counts_where_something_was_left() {
        let mut stopped = ending(&[143]);
        stopped.stopped();
        assert_eq!(stopped.code(), 3);
        for codes in [[0, 143], [0, 3]] {
            let mut late = ending(&codes);
            late.out_of_time();
            assert_eq!(late.code(), 4);
        }
        let mut done = ending(&[0]);
        done.stopped();
        assert_eq!(done.code(), 0);
    }
}
