//! Fetching what printing at sea needs, while there is a network.
//!
//! Owns which sealed files a machine must have at hand. Must never open one.

use crate::home::{Home, View};
use crate::sync::{Client, Session, SyncError, patiently};
use std::collections::BTreeSet;
use threadmark_protocol::body::design::DesignFile;
use threadmark_protocol::world::Data;

/// Sealed files of every licence, in force at `now`, for the machine whose key the home has.
pub fn wanted(home: &Home, view: &View, now: i64) -> Vec<DesignFile> {
    let kid = home.identity().key_id();
    let is_ours = |machine| match view.world.get(machine) {
        Some(Data::Machine {
            enrolled: Some((says, _)),
            ..
        }) => says.key == kid,
        _ => false,
    };
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for state in view.world.states.values() {
        let Data::Licence { licence, .. } = &state.data else {
            continue;
        };
        if now >= licence.expires.unix() || !is_ours(&licence.machine) {
            continue;
        }
        if let Some(Data::Design { design, .. }) = view.world.get(&licence.design) {
            let new = |file: &&DesignFile| seen.insert(file.artifact.sealed.sha3);
            files.extend(design.files.iter().filter(new).cloned());
        }
    }
    files
}

/// Fetches what is wanted and not at hand, or damaged; says how many files were fetched.
pub fn prefetch(
    home: &Home,
    client: &Client,
    session: &Session,
    now: i64,
    progress: &mut dyn FnMut(&str),
) -> Result<usize, SyncError> {
    let view = home.view()?;
    let mut fetched = 0;
    for file in wanted(home, &view, now) {
        let digest = &file.artifact.sealed;
        let at_hand = home.artifact(digest)?;
        if at_hand.is_some_and(|bytes| digest.matches(&bytes)) {
            continue;
        }
        progress(&format!(
            "fetching {} ({} bytes)",
            file.name, digest.size_bytes
        ));
        let told = format!("{fetched} files fetched");
        let bytes = patiently(progress, &told, || client.get_artifact(session, digest))?;
        home.keep_artifact(digest, &bytes)?;
        fetched += 1;
    }
    Ok(fetched)
}
