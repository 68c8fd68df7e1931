//! Owns: the lights that people have, by name. Must never know: surfaces.

use super::light::{Lamp, Light};
use serde::{Deserialize, Serialize};

/// Lights that people have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lighting {
    /// A grey sky, or shade outside.
    Overcast,
    /// A large window or a softbox to one side, and a bright room.
    Window,
    /// Low sun or a torch held low, and some sky.
    Raking,
    /// A lamp on the ceiling, and a room.
    Ceiling,
    /// The flash of the phone, in a dim room.
    Flash,
}

impl Lighting {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Overcast,
        Self::Window,
        Self::Raking,
        Self::Ceiling,
        Self::Flash,
    ];

    /// From the side `azimuth_deg`, with a camera at `camera`, its azimuth and elevation in degrees.
    pub fn from(self, azimuth_deg: f32, camera: [f32; 2]) -> Light {
        let lamp = |elevation_deg, radius_deg, strength| Lamp {
            azimuth_deg,
            elevation_deg,
            radius_deg,
            strength,
        };
        let (sky, lamps) = match self {
            Self::Overcast => (0.8, vec![]),
            Self::Window => (0.3, vec![lamp(35.0, 18.0, 0.6)]),
            Self::Raking => (0.25, vec![lamp(25.0, 0.3, 0.8)]),
            Self::Ceiling => (0.3, vec![lamp(60.0, 5.0, 0.6)]),
            Self::Flash => {
                let [azimuth_deg, elevation_deg] = camera;
                let flash = Lamp {
                    azimuth_deg,
                    elevation_deg,
                    radius_deg: 0.5,
                    strength: 0.8,
                };
                (0.05, vec![flash])
            }
        };
        Light { sky, lamps }
    }
}
