//! Owns: what grades mean to people, and what to do. Must never know: how they are measured.

use super::{Grade, Parameter};

impl Grade {
    /// What it means, in plain words.
    pub fn meaning(self) -> &'static str {
        match self {
            Grade::A => "excellent: any reader reads it, and much damage may come",
            Grade::B => "good: any reader reads it",
            Grade::C => "sufficient: most readers read it, what most contracts ask for",
            Grade::D => "poor: it was read now, with little to spare; other readers may fail",
            Grade::F => {
                "fails: do not rely on it; it was read by luck or with all error correction spent"
            }
        }
    }
}

impl Parameter {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Parameter::Decode => "decode",
            Parameter::CellContrast => "cell contrast",
            Parameter::CellModulation => "cell modulation",
            Parameter::FixedPatternDamage => "fixed pattern damage",
            Parameter::UnusedErrorCorrection => "unused error correction",
            Parameter::GridNonUniformity => "grid non-uniformity",
        }
    }

    /// What would make it better; nothing needs to be done for A and B.
    pub fn what_to_do(self, grade: Grade) -> Option<&'static str> {
        if grade <= Grade::B {
            return None;
        }
        Some(match self {
            Parameter::Decode => "photograph it again in soft light, closer",
            Parameter::CellContrast => {
                "photograph it in softer or lower light; on the part: fill the recesses with paint, or print them in another colour or deeper"
            }
            Parameter::CellModulation => {
                "clean the mark of powder, chips and oil, and hold the camera still; on the part: larger modules, or a filling in another colour"
            }
            Parameter::FixedPatternDamage => {
                "look at the corners and edges of the mark: clean them, or re-mark the part where they are broken off"
            }
            Parameter::UnusedErrorCorrection => {
                "damage uses up the error correction: clean the mark; re-mark the part before it gets worse"
            }
            Parameter::GridNonUniformity => {
                "photograph it from straight ahead; on the part: the face is bent or warped, choose a flatter zone"
            }
        })
    }
}
