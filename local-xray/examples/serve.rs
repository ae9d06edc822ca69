//! Serves a local X-Ray until it is killed: `cargo run --example serve -- DIR [ADDRESS]`.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::net::TcpListener;
use std::path::PathBuf;

use local_xray::{LocalXray, Store};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let dir = PathBuf::from(arguments.next().ok_or("name a directory for the traces")?);
    let address = arguments.next().unwrap_or("127.0.0.1:0".into());
    let server = LocalXray::start(
        TcpListener::bind(address)?,
        Store::open(&dir)?,
        Default::default(),
    )
    .await?;
    println!("AWS_ENDPOINT_URL_XRAY=http://{}", server.address());
    std::future::pending().await
}
