//! The network that tasks are in: from it, the link-local address at which ECS answers tasks leads to
//! these tests.

use std::fs::File;
use std::net::SocketAddr;

use super::docker::{LABEL, Removed, clean, docker};
use crate::metadata::MetadataServer;

/// Where ECS answers for metadata and credentials, by its documents. The SDKs have it built in.
pub(super) const HOST: &str = "169.254.170.2";

/// The one network of its kind on this machine, while it lives.
pub(super) struct Network {
    // In the order in which they must go.
    pub(super) metadata: MetadataServer,
    bridge: Removed,
    _alone: File,
}

impl Network {
    pub(super) fn new() -> Self {
        let path = std::env::temp_dir().join("xray-ecs-container-tests.lock");
        let alone = File::create(path).unwrap();
        alone.lock().unwrap();
        clean();
        let bridge = Removed::network("xray-ecs-test".to_owned());
        let create = ["network", "create", "--internal", "--label", LABEL];
        let subnet = ["--subnet", "169.254.170.0/24", "--gateway", HOST];
        docker(&[&create[..], &subnet, &[&bridge.name]].concat());
        let address: SocketAddr = format!("{HOST}:80").parse().unwrap();
        Self {
            metadata: MetadataServer::start(address),
            bridge,
            _alone: alone,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.bridge.name
    }
}
