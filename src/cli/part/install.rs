//! `threadmark part install`: into an asset, or into an assembly, which is a part too.
//!
//! Owns the arguments. Must never know phases.

use super::On;
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;
use threadmark_protocol::body::Core;
use threadmark_protocol::body::part::Installed;
use threadmark_protocol::text::{Line, OrgId};

/// Report that the part was installed in an asset, or put into an assembly
///
/// An assembly is a part with a mark of its own: one that was printed, or one that `threadmark part enter` brought into the log. What is
/// in it goes where it goes, and holds it as long as it is held itself. Whoever puts a part into it has both.
#[derive(Args)]
#[command(after_help = "Examples:
  threadmark part install 7K3Q9XWD2M8TV0AY --asset N123TM --asset-type H-60 --position 'door 2' --work-order WO-77 \\
      --home ./mechanic
  threadmark part install 7K3Q9XWD2M8TV0AY --into part:5c…e0 --position 'hinge 1' --work-order WO-78 --home ./mechanic")]
pub struct Install {
    #[command(flatten)]
    on: On,
    /// The asset, for instance a tail number
    #[arg(long, required_unless_present = "into", requires = "asset_type")]
    asset: Option<Line>,
    /// Type of the asset, as effectivity names it
    #[arg(long, requires = "asset")]
    asset_type: Option<Line>,
    /// The assembly: its id, its mark, or the address in its mark
    #[arg(long, value_name = "PART", conflicts_with_all = ["asset", "asset_type", "operator"])]
    into: Option<String>,
    /// Position in it
    #[arg(long)]
    position: Line,
    /// Work order
    #[arg(long)]
    work_order: Line,
    /// Whose asset it is: its reports of the asset's use count for the part; your organisation's, where nobody is named
    #[arg(long)]
    operator: Option<OrgId>,
}

impl Install {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let into = self.into.as_deref().map(|into| self.on.other(into));
        let into = into.transpose()?;
        self.on.say(|of| {
            let own = of.own.clone();
            let operator = self.asset.is_some().then(|| self.operator.unwrap_or(own));
            Ok(Core::PartInstalled(Installed {
                after: of.after,
                asset: self.asset,
                asset_type: self.asset_type,
                into,
                position: self.position,
                work_order: self.work_order,
                operator,
            }))
        })
    }
}
