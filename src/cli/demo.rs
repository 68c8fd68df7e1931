//! `threadmark demo`: plays the main job, end to end, through the same binaries and public API that anybody uses.
//!
//! Owns the story. Every step is a command of `threadmark` or `threadmark-agent` in a process of its own, and is checked:
//! the first that is not as it should be ends the story with its reason. Must never call the product's insides.

mod afloat;
mod ashore;
mod cast;
mod refusals;
mod stage;

use anyhow::Result;
use clap::Args;
use stage::Stage;
use std::path::PathBuf;
use std::process::ExitCode;

/// Play the main job: design, licence, print at sea, inspection, release, installation, scan, recall, audit
#[derive(Args)]
#[command(after_help = "Example:
  threadmark demo --once     ends after the story, exit 0; or 1 at the first step that is not as it should be")]
pub struct Demo {
    /// End after the story instead of staying up
    #[arg(long)]
    once: bool,
    /// Folder with `parts/`, the designs that are printed
    #[arg(long, default_value = "fixtures")]
    fixtures: PathBuf,
    /// Port of the service; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
}

impl Demo {
    /// Plays the story.
    pub fn run(self) -> Result<ExitCode> {
        let mut stage = Stage::new(&self.fixtures, self.port)?;
        stage.chapter("Consortium");
        cast::found(&mut stage)?;
        stage.chapter("Design, catalogue, approval, licence");
        ashore::publish_and_license(&mut stage)?;
        stage.chapter("At sea, without a network");
        let first = afloat::first_part(&mut stage)?;
        stage.chapter("Home");
        afloat::come_home(&mut stage, &first)?;
        let second = ashore::second_part(&mut stage)?;
        stage.chapter("Refusals and holds, each with its name");
        refusals::play(&mut stage, &first, &second)?;
        let good = refusals::good_part(&mut stage)?;
        stage.chapter("Audit");
        refusals::audit(&mut stage)?;
        stage.done();
        if !self.once {
            stage.stay_up(&[
                ("recalled", &first),
                ("destroyed", &second),
                ("good", &good),
            ])?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
