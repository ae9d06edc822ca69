//! The HTTP proxy on the way to X-Ray.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, TcpStream};

use super::*;

fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// What comes when a segment is sent by a daemon with these arguments and variables, and the daemon.
fn first_stream(
    listener: &TcpListener,
    args: &[&str],
    variables: &[(&str, &str)],
) -> (Daemon, BufReader<TcpStream>) {
    let place = Place::new();
    let args = [&["-n", "eu-west-1", "--drain-deadline", "1ms"], args].concat();
    let daemon = Daemon::start_with(&place, &args, variables);
    daemon.send("{}");
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    (daemon, BufReader::new(stream))
}

fn has_certificates() -> bool {
    let are_there = std::path::Path::new("/etc/ssl/certs/ca-certificates.crt").exists();
    if !are_there {
        eprintln!("skipped: no root certificates here, which the TLS client insists on");
    }
    are_there
}

#[test]
fn segments_go_through_the_proxy() {
    let place = Place::new();
    let proxy = Endpoint::start();
    let text = format!(
        "Version: 2\nEndpoint: http://xray.example\nRegion: eu-west-1\nProxyAddress: {}\n",
        proxy.url()
    );
    place.write("d.yaml", text);
    let daemon = Daemon::start_with(&place, &["-c", "d.yaml"], &[]);
    daemon.send("{}");
    let call = proxy.wait_for_calls(1).remove(0);
    assert_eq!(call.path, "http://xray.example/TraceSegments");
    daemon.terminate();
}

#[test]
fn to_aws_there_is_a_tunnel_through_the_proxy_of_the_flag_or_the_variable() {
    if !has_certificates() {
        return;
    }
    let (listener, address) = listener();
    let url = format!("http://{address}");
    let by_the_listener = |args: &[&str], variables: &[(&str, &str)]| {
        let mut line = String::new();
        let (_daemon, mut stream) = first_stream(&listener, args, variables);
        stream.read_line(&mut line).unwrap();
        assert_eq!(
            line,
            "CONNECT xray.eu-west-1.amazonaws.com:443 HTTP/1.1\r\n"
        );
    };
    by_the_listener(&["-p", &url], &[]);
    by_the_listener(&[], &[("HTTPS_PROXY", &url)]);
    by_the_listener(
        &[],
        &[("https_proxy", &address), ("NO_PROXY", "10.0.0.0/8")],
    );
}

#[test]
fn the_variables_name_who_is_called_directly() {
    if !has_certificates() {
        return;
    }
    let (listener, address) = listener();
    let endpoint = format!("https://{address}");
    let variables = [
        ("AWS_ENDPOINT_URL_XRAY", endpoint.as_str()),
        ("HTTPS_PROXY", "http://127.0.0.1:1"), // nobody is there
        ("NO_PROXY", "127.0.0.1"),
    ];
    let mut first = [0];
    let (_daemon, mut stream) = first_stream(&listener, &[], &variables);
    stream.read_exact(&mut first).unwrap();
    const HANDSHAKE: u8 = 22;
    assert_eq!(first, [HANDSHAKE]);

    let place = Place::new();
    let bad = ended(&mut command(
        &place,
        &["-n", "r"],
        &[("HTTPS_PROXY", "https://p")],
    ));
    assert_eq!(bad.code, 2);
    assert!(
        bad.stderr
            .contains("HTTPS_PROXY: no address of an HTTP proxy"),
        "{}",
        bad.stderr
    );
}
