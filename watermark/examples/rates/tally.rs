//! Owns: what is counted as read, and how sure a rate is.

use serde_json::{Value, json};

/// Photographs, and who read how many.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    pub of: u32,
    pub read: u32,
    /// A mark that is not there.
    pub false_marks: u32,
    pub rqrr: u32,
    pub rxing: u32,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.of += other.of;
        self.read += other.read;
        self.false_marks += other.false_marks;
        self.rqrr += other.rqrr;
        self.rxing += other.rxing;
    }

    pub fn of_all(tallies: &[Self]) -> Self {
        let mut sum = Self::default();
        tallies.iter().for_each(|tally| sum.add(*tally));
        sum
    }

    /// One line, with the Wilson interval of 95 %.
    pub fn print(&self, name: &str, what: &[(&str, Value)]) {
        let [low, high] = wilson(self.read, self.of);
        let mut line = json!({
            "name": name, "unit": "share", "value": share(self.read, self.of), "low": low, "high": high,
            "of": self.of, "read": self.read, "false": self.false_marks,
            "rqrr_alone": share(self.rqrr, self.of), "rxing_alone": share(self.rxing, self.of),
        });
        for (key, value) in what {
            line[*key] = value.clone();
        }
        println!("{line}");
    }
}

fn share(part: u32, of: u32) -> f64 {
    round(f64::from(part) / f64::from(of.max(1)))
}

fn round(share: f64) -> f64 {
    (share * 1e3).round() / 1e3
}

/// Wilson's score interval: from where to where the true rate lies, 19 times in 20.
pub fn wilson(part: u32, of: u32) -> [f64; 2] {
    const Z: f64 = 1.96;
    let n = f64::from(of.max(1));
    let p = f64::from(part) / n;
    let middle = p + Z * Z / (2.0 * n);
    let wide = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    [middle - wide, middle + wide].map(|end| round((end / whole).clamp(0.0, 1.0)))
}
