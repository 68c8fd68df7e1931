//! `threadmark mark tag`: a plate with a loop and a mark, for parts that have no place for one.

use super::embed::OutputForm;
use crate::cli::output::Document;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use threadmark_protocol::mark::Mark;
use threadmark_watermark::tag::{TagSizes, tag};
use threadmark_watermark::threemf::{Item, Package};
use threadmark_watermark::zone::Manner;

#[derive(Args)]
#[command(after_help = "Example:
  threadmark mark tag --text 7K3Q9XWD2M8TV0AY --host part.example tag.stl

The defaults suit one colour and a nozzle of 0.4 mm. With --inlay, 400 um of depth are enough. The zone is printed with
--json: it is what `threadmark mark render` takes, and what a design of the tag declares.")]
pub struct Tag {
    /// The tag, .stl or .3mf
    output: PathBuf,
    /// The mark's 16 characters
    #[arg(long)]
    text: Mark,
    /// Host in the address that the mark carries
    #[arg(long)]
    host: String,
    /// Side of one module, in micrometres
    #[arg(long, default_value_t = 800)]
    module_um: u32,
    /// Depth of the relief, in micrometres
    #[arg(long, default_value_t = 1200)]
    depth_um: u32,
    /// Material behind the relief, in micrometres
    #[arg(long, default_value_t = 1200)]
    wall_um: u32,
    /// Clear width of the loop, in micrometres
    #[arg(long, default_value_t = 4000)]
    loop_um: u32,
    /// Raise the dark modules instead of recessing them
    #[arg(long, conflicts_with = "inlay")]
    raised: bool,
    /// Also write what fills the recesses, as a second object of another material; 3MF only
    #[arg(long)]
    inlay: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Tag {
    pub fn run(self) -> Result<()> {
        let output = OutputForm::of(&self.output, self.inlay)?;
        let sizes = TagSizes {
            module_um: self.module_um,
            depth_um: self.depth_um,
            wall_um: self.wall_um,
            loop_um: self.loop_um,
        };
        let manner = match (self.raised, self.inlay) {
            (true, _) => Manner::Raised,
            (_, true) => Manner::TwoColours,
            _ => Manner::Recessed,
        };
        let made = tag(&self.text.to_string(), &self.host, &sizes, manner)?;
        let mut item = Item::of(made.marked.mesh);
        item.inlay = self.inlay.then_some(made.marked.inlay);
        item.name = Some(format!("tag {}", self.text));
        let file = output.bytes(&Package::of(vec![item]))?;
        super::write(&self.output, &file, None)?;
        Document::new()
            .with("file", &self.output)
            .with("text", &made.symbol.text)
            .with("symbol", made.symbol.kind.name())
            .with("side_mm", f64::from(made.zone.width_um) / 1000.0)
            .with_text("zone", made.zone, "")
            .print(self.json);
        Ok(())
    }
}
