//! How many datagrams the kernel dropped for want of room in the socket buffer.
//!
//! Linux tells it in the last column of /proc/net/udp and udp6. (The socket option `SO_RXQ_OVFL`
//! tells it too, but only by ancillary data, for which the standard library has no safe call.)

use std::net::UdpSocket;

/// Knows which line of /proc/net/udp is ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KernelDrops {
    inode: Option<u64>,
}

impl KernelDrops {
    pub(crate) fn of(socket: &UdpSocket) -> Self {
        Self {
            inode: inode(socket),
        }
    }

    /// The drops since the socket was made; `None` where the kernel does not tell.
    pub(crate) fn read(&self) -> Option<u64> {
        let inode = self.inode?;
        ["/proc/self/net/udp", "/proc/self/net/udp6"]
            .iter()
            .filter_map(|path| std::fs::read_to_string(path).ok())
            .find_map(|table| drops(&table, inode))
    }
}

#[cfg(target_os = "linux")]
fn inode(socket: &UdpSocket) -> Option<u64> {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::MetadataExt;
    let path = format!("/proc/self/fd/{}", socket.as_raw_fd());
    std::fs::metadata(path).ok().map(|metadata| metadata.ino())
}

#[cfg(not(target_os = "linux"))]
fn inode(_: &UdpSocket) -> Option<u64> {
    None
}

/// Finds the socket by its inode: the tenth column; the drops are the thirteenth.
fn drops(table: &str, inode: u64) -> Option<u64> {
    table.lines().find_map(|line| {
        let mut columns = line.split_ascii_whitespace().skip(9);
        let found = columns.next()?.parse::<u64>().ok()?;
        let drops = columns.nth(2)?.parse().ok()?;
        (found == inode).then_some(drops)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            \n\
  211: 0100007F:07D0 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 40211 2 0000000000000000 0         \n\
 1211: 00000000:A3B8 00000000:0000 07 00000000:00033400 00:00000000 00000000  1000        0 40212 2 0000000000000000 7391      \n";

    #[test]
    fn a_socket_is_found_by_its_inode() {
        assert_eq!(drops(TABLE, 40211), Some(0));
        assert_eq!(drops(TABLE, 40212), Some(7391));
        assert_eq!(drops(TABLE, 40213), None);
        assert_eq!(drops("", 1), None);
        assert_eq!(drops("a b c\n1 2 3 4 5 6 7 8 9 10", 10), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_buffer_shows_in_the_count() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let kernel = KernelDrops::of(&socket);
        assert_eq!(kernel.read(), Some(0));
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = socket.local_addr().unwrap();
        socket2::SockRef::from(&socket)
            .set_recv_buffer_size(1 << 12)
            .unwrap();
        for _ in 0..100 {
            sender.send_to(&[0; 1000], to).unwrap();
        }
        socket.set_nonblocking(true).unwrap();
        let mut buffer = [0; 1000];
        let mut read = 0;
        while socket.recv(&mut buffer).is_ok() {
            read += 1;
        }
        assert!(read < 100, "the buffer held everything");
        assert_eq!(kernel.read(), Some(100 - read));
    }
}
