//! Sources that are not listened to, as people see them.

use std::net::IpAddr;

use frontdesk_sip::guard::Block;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::Live;
use super::view::time;
use crate::engine::output::BlockChange;

/// A source of SIP that is not listened to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BlockView {
    /// Of an IPv6 source the first address of its network.
    pub address: String,
    /// All that it holds: the address, or an IPv6 /64.
    pub network: String,
    /// `credentials`, `guessing`, `malformed`, `flood`, `scanner` or `by_hand`.
    pub reason: &'static str,
    #[schema(format = DateTime)]
    pub since: String,
    /// `null`: until it is lifted.
    #[schema(format = DateTime)]
    pub until: Option<String>,
}

impl From<&Block> for BlockView {
    fn from(block: &Block) -> Self {
        let length = if block.address.is_ipv4() { 32 } else { 64 };
        BlockView {
            address: block.address.to_string(),
            network: format!("{}/{length}", block.address),
            reason: block.reason.name(),
            since: time(block.since_ms),
            until: block.until_ms.map(time),
        }
    }
}

impl Live {
    /// All blocks, the newest first.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = self.blocks.iter().map(|entry| entry.value().clone()).collect();
        blocks.sort_by(|a, b| (b.since_ms, a.address).cmp(&(a.since_ms, b.address)));
        blocks
    }

    pub fn block(&self, address: IpAddr) -> Option<Block> {
        self.blocks.get(&address).map(|block| block.clone())
    }

    pub(super) fn on_block(&self, change: BlockChange) {
        match change {
            BlockChange::Blocked(block) => {
                let data = json!({ "block": BlockView::from(&block) });
                self.blocks.insert(block.address, block);
                self.log.push_to_all("security.blocked", &data);
            }
            BlockChange::Lifted(address) => {
                if self.blocks.remove(&address).is_some() {
                    let data = json!({ "address": address.to_string() });
                    self.log.push_to_all("security.unblocked", &data);
                }
            }
        }
    }
}
