//! Owns: which share of the parts each symbol fits on, beside the shares of the reference scan: 758 STL files, largest coplanar
//! square at steps of 15 degrees.

use crate::figure;
use crate::part::Part;

const MODULES_MM: [f64; 4] = [0.35, 0.5, 0.8, 1.0];

/// Modules along a side with the quiet zone, and percent of the reference's parts at each module.
const REFERENCE: [(&str, f64, [f64; 4]); 9] = [
    ("qr_v1", 29.0, [74.0, 46.0, 10.0, 4.0]),
    ("qr_v2", 33.0, [63.0, 35.0, 6.0, 4.0]),
    ("qr_v1_quiet_2", 25.0, [83.0, 60.0, 17.0, 7.0]),
    ("micro_qr_m4", 21.0, [90.0, 70.0, 35.0, 14.0]),
    ("data_matrix_12", 14.0, [96.0, 91.0, 65.0, 49.0]),
    ("data_matrix_14", 16.0, [94.0, 88.0, 56.0, 37.0]),
    ("data_matrix_16", 18.0, [92.0, 83.0, 46.0, 30.0]),
    ("data_matrix_18", 20.0, [91.0, 74.0, 37.0, 17.0]),
    ("data_matrix_20", 22.0, [88.0, 68.0, 32.0, 11.0]),
];

/// A figure for each, and the table for people.
pub fn figures(parts: &[Part]) {
    let sides: Vec<f64> = parts.iter().filter_map(|part| part.flat_mm).collect();
    eprintln!(
        "percent of {} parts, in brackets the reference, by module in mm",
        sides.len()
    );
    eprintln!(
        "{:<16}{:>12}{:>12}{:>12}{:>12}",
        "symbol", 0.35, 0.5, 0.8, 1.0
    );
    for (name, modules, reference) in REFERENCE {
        eprint!("{name:<16}");
        for (module_mm, peer) in MODULES_MM.into_iter().zip(reference) {
            let fits = sides
                .iter()
                .filter(|&&side| side >= modules * module_mm)
                .count();
            let percent = 100.0 * fits as f64 / sides.len().max(1) as f64;
            eprint!("{:>12}", format!("{percent:.0} ({peer})"));
            let name = format!("parts_fit_{name}_at_{module_mm}_mm_percent");
            figure(&name, percent, "%", "the reference scan of 758 parts", peer);
        }
        eprintln!();
    }
}
