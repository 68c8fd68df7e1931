//! `threadmark mark`: a mark into a mesh or onto a tag, a simulated photograph of it, a mark out of a photograph, and how good it is.
//!
//! Owns the arguments. Needs no home and no network. Must never know what a mark means.

mod embed;
mod find_zone;
mod grade;
mod read;
mod render;
mod tag;

use super::args;
use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use threadmark_watermark::mesh::{Mesh, MeshLimits};
use threadmark_watermark::part;

/// Embed, render and read marks
#[derive(Subcommand)]
pub enum MarkCommand {
    /// Put a mark into the mark zone of a part: STL or 3MF, recessed, raised or in a second colour
    Embed(embed::Embed),
    /// Make a tag with a mark and a loop, for parts that have no place for a mark
    Tag(tag::Tag),
    /// Find and rank places for a mark on a part, or hear why there is none
    FindZone(find_zone::FindZone),
    /// Photograph the mark zone of a mesh with a simulated camera
    Render(render::Render),
    /// Read the marks in a photograph, or the mark that frames of a camera show
    Read(read::Read),
    /// Say how good the mark in a photograph is, and what would make it better
    Grade(grade::Grade),
}

impl MarkCommand {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            MarkCommand::Embed(embed) => embed.run()?,
            MarkCommand::Tag(tag) => tag.run()?,
            MarkCommand::FindZone(find) => return find.run(),
            MarkCommand::Render(render) => render.run()?,
            MarkCommand::Read(read) => read.run()?,
            MarkCommand::Grade(grade) => return grade.run(),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn mesh(path: &Path) -> Result<Mesh> {
    let about = || format!("reading {}", path.display());
    part::strictly(&args::read(path)?, path.to_str(), &MeshLimits::default()).with_context(about)
}

/// Writes a file whole or not at all, and never over the `input` that it was made of.
fn write(path: &Path, bytes: &[u8], input: Option<&Path>) -> Result<()> {
    let about = || format!("writing {}", path.display());
    let place = |of: &Path| of.canonicalize().ok();
    let is_input = place(path).is_some_and(|at| input.and_then(place) == Some(at));
    ensure!(
        !is_input,
        "{} is what is read; name another file",
        path.display()
    );
    let folder = path.parent().filter(|of| !of.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new();
    // As the umask has it, like any file.
    file.permissions(Permissions::from_mode(0o666));
    let mut file = file.tempfile_in(folder).with_context(about)?;
    file.write_all(bytes).with_context(about)?;
    file.persist(path).with_context(about)?;
    Ok(())
}
