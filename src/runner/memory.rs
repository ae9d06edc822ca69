//! What the process may use of memory and what it has used, for the REPORT line.

use std::path::Path;

const KIB_PER_MIB: u64 = 1024;

/// The limit that the process runs under.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// The container's limit, else the machine's memory; 0 when neither is told.
    pub size_mb: u64,
}

impl Memory {
    /// Asks the system.
    pub(crate) fn of_system() -> Self {
        let read = |path: &str| std::fs::read_to_string(Path::new(path)).unwrap_or_default();
        let of_container = parse_limit(&read("/sys/fs/cgroup/memory.max"));
        let of_machine = || parse_kib(&read("/proc/meminfo"), "MemTotal:");
        Self {
            size_mb: of_container.or_else(of_machine).unwrap_or(0),
        }
    }

    /// The most that the process has used so far, in MB; 0 when the system does not tell.
    pub(crate) fn max_used_mb() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        parse_kib(&status, "VmHWM:").unwrap_or(0)
    }
}

/// A cgroup's limit, which is bytes or `max`.
fn parse_limit(text: &str) -> Option<u64> {
    let bytes: u64 = text.trim().parse().ok()?;
    Some(bytes / (KIB_PER_MIB * 1024))
}

/// A line such as `VmHWM:   12345 kB`, in MB rounded up.
fn parse_kib(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib.div_ceil(KIB_PER_MIB))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_peaks_are_read() {
        assert_eq!(parse_limit("536870912\n"), Some(512));
        assert_eq!(parse_limit("max\n"), None);
        assert_eq!(
            parse_kib("Name:\tx\nVmHWM:\t   12345 kB\n", "VmHWM:"),
            Some(13)
        );
        assert_eq!(parse_kib("", "VmHWM:"), None);
        assert!(Memory::max_used_mb() > 0);
    }
}
