//! `threadmark mark grade`. Owns what a grade says to people and scripts. Must never know how it is measured.

use super::read::symbology;
use super::write;
use crate::cli::args;
use crate::cli::output::Document;
use anyhow::Result;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use threadmark_protocol::mark::Mark;
use threadmark_watermark::grade::{self, GradeError, Graded, Parameter, Quality};
use threadmark_watermark::read::{ReadError, ReadLimits};

/// The mark was read and fails, or was not read.
const EXIT_FAILS: u8 = 4;

#[derive(Args)]
#[command(after_help = "\
Grades as ISO/IEC 29158 has them, A to F, the lowest counts; by a photograph and not by a verifier, so light and lens of the
phone are graded with the mark. `part verify-mark` signs a grade; the JSON document is the report that it names.
Exit codes: 0 A to D, 4 F or no mark is read, 1 the picture cannot be used.

Example:
  threadmark mark grade photo.jpg --host part.example --picture grades.png
  threadmark mark grade photo.jpg --host part.example --json > grades.json
  threadmark part verify-mark 7K3Q9XWD2M8TV0AY --grade B --by iso-29158 --verifier 'phone, threadmark mark grade' \\
      --report grades.json --home ./inspector")]
pub struct Grade {
    /// Picture, PNG or JPEG
    photo: PathBuf,
    /// Host in the address that marks carry
    #[arg(long)]
    host: String,
    /// Where a picture of the symbol goes, each module in the colour of its grade (PNG)
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Grade {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode> {
        let is_mark = |text: &str| Mark::from_scan(text, &self.host);
        let photo = args::read(&self.photo)?;
        let quality = match grade::grade(&photo, &ReadLimits::default(), is_mark) {
            Ok(quality) => quality,
            Err(GradeError::Unread(ReadError::NoCode(advice))) => {
                Document::new()
                    .with_text("grade", grade::Grade::F, "F: no mark is read")
                    .with("what_to_do", [advice.to_string()])
                    .print(self.json);
                return Ok(ExitCode::from(EXIT_FAILS));
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(picture) = &self.picture {
            write(picture, &quality.picture(), Some(&self.photo))?;
        }
        told(&quality).print(self.json);
        Ok(match quality.grade {
            grade::Grade::F => ExitCode::from(EXIT_FAILS),
            _ => ExitCode::SUCCESS,
        })
    }
}

fn told(quality: &Quality<Mark>) -> Document {
    let grade = quality.grade;
    let words = format!("{grade:?}: {}", grade.meaning());
    let wrong = quality.wrong.iter().filter(|&&wrong| wrong).count();
    let todo: Vec<&str> = quality
        .graded
        .iter()
        .filter_map(|graded| graded.parameter.what_to_do(graded.grade))
        .collect();
    let document = Document::new()
        .with("mark", quality.mark)
        .with("symbol", symbology(&quality.code))
        .with_text("grade", grade, words)
        .with("standard", Quality::<Mark>::standard())
        .with_text(
            "parameters",
            &quality.graded,
            quality
                .graded
                .iter()
                .map(line)
                .collect::<Vec<_>>()
                .join("; "),
        )
        .with_text(
            "modules",
            json!({ "side": quality.size, "wrong": wrong }),
            format!("{wrong} of {} in the other colour", quality.modules.len()),
        );
    if todo.is_empty() {
        return document;
    }
    document.with_text("what_to_do", &todo, todo.join("; "))
}

fn line(graded: &Graded) -> String {
    let Graded {
        parameter,
        value,
        grade,
    } = graded;
    let value = match parameter {
        Parameter::Decode => "read".to_owned(),
        Parameter::GridNonUniformity => format!("{value:.2} modules"),
        _ => format!("{:.0} %", value * 100.0),
    };
    format!("{} {grade:?} ({value})", parameter.name())
}
