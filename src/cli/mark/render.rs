//! `threadmark mark render`. Owns how a simulated photograph is asked for. Must never know how it is made.

use super::{mesh, write};
use crate::cli::args::{by_name, read_json};
use crate::cli::output::Document;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use threadmark_watermark::render::{Finish, Lighting, Lit, Surface, View};
use threadmark_watermark::zone::Zone;

/// Points of the surface along a module.
const FINENESS: f32 = 12.0;
/// Brightness of a recess that is filled in another colour.
const FILLED_ALBEDO: f32 = 0.1;
/// Of the width of the picture that the zone fills where no distance is given.
const FILLS: f32 = 0.4;

#[derive(Args)]
#[command(after_help = "\
Synthetic: it ranks processes, depths and lights, and promises nothing about a print in the hand; docs/reading.md has the rates.

Example:
  threadmark mark render marked.stl --zone bracket.zone.json photo.png --tilt 20 --roll 15 --seed 7
  threadmark mark render marked.stl --zone bracket.zone.json photo.jpg --process fdm-top --light raking --two-colours")]
pub struct Render {
    /// Mesh, STL
    input: PathBuf,
    /// Picture: JPEG where it ends in .jpg, else PNG
    output: PathBuf,
    /// The mark zone
    #[arg(long, value_name = "ZONE.json")]
    zone: PathBuf,
    /// How the face was made: drawn (ideal), fdm-top, fdm-side, sla, sls, lpbf
    #[arg(long, value_parser = by_name::<Finish>, default_value = "drawn")]
    process: Finish,
    /// The recesses are filled up to the face in a dark colour
    #[arg(long)]
    two_colours: bool,
    /// Light: overcast, window, raking, ceiling, flash
    #[arg(long, value_parser = by_name::<Lighting>, default_value = "overcast")]
    light: Lighting,
    /// From where lamps shine, in degrees from the zone's right towards its up
    #[arg(long, default_value_t = 120.0, allow_negative_numbers = true)]
    azimuth: f32,
    /// Millimetres from the zone; so that the zone fills two fifths of the picture where nothing is said
    #[arg(long, value_name = "MM")]
    distance: Option<f32>,
    /// Degrees by which the camera leans away from the face's normal, towards the zone's lower edge; below 85
    #[arg(long, default_value_t = 15.0)]
    tilt: f32,
    /// Degrees by which the camera is turned
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    roll: f32,
    /// Blur of the lens, as a standard deviation in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 0.7)]
    blur: f32,
    /// How far the hand moves meanwhile, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 0.0)]
    motion: f32,
    /// Noise of a white pixel as a share of white: 0.005 in daylight, 0.06 in a dark room
    #[arg(long, value_name = "SHARE", default_value_t = 0.005)]
    noise: f32,
    /// Width of the picture in pixels; its height is three quarters of it
    #[arg(long, value_name = "PIXELS", default_value_t = 960, value_parser = clap::value_parser!(u32).range(16..=8_192))]
    width: u32,
    /// Chooses grain and noise; the same seed, the same picture
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Render {
    /// Runs the command.
    pub fn run(self) -> Result<()> {
        let zone: Zone = read_json(&self.zone)?;
        let mesh = mesh(&self.input)?;
        eprintln!("photographing {} triangles", mesh.triangles.len());
        let mut surface = Surface::of_mesh(&mesh, &zone, zone.module_um as f32 / FINENESS)?;
        if self.two_colours {
            surface = surface.inlaid(zone.depth_um as f32, FILLED_ALBEDO);
        }
        let view = self.view(&zone);
        let light = self.light.from(self.azimuth, view.stands());
        let lit = Lit::by(surface.finished(self.process, self.seed), &light);
        let photo = lit.photograph(&view)?;
        let is_jpeg = self
            .output
            .extension()
            .is_some_and(|e| e == "jpg" || e == "jpeg");
        let file = if is_jpeg {
            photo.jpeg(90)?
        } else {
            photo.png()?
        };
        write(&self.output, &file, Some(&self.input))?;
        Document::new()
            .with("file", &self.output)
            .with("process", self.process)
            .with("light", self.light)
            .with(
                "distance_mm",
                (f64::from(view.distance_mm) * 10.0).round() / 10.0,
            )
            .print(self.json);
        Ok(())
    }

    fn view(&self, zone: &Zone) -> View {
        let view = View::default();
        let longer_um = zone.width_um.max(zone.height_um);
        let near = || View::distance_for(longer_um, FILLS, view.fov_deg);
        View {
            width_px: self.width,
            height_px: self.width * 3 / 4,
            distance_mm: self.distance.unwrap_or_else(near),
            tilt_deg: self.tilt,
            roll_deg: self.roll,
            blur_px: self.blur,
            motion_px: self.motion,
            noise: self.noise,
            seed: self.seed,
            ..view
        }
    }
}
