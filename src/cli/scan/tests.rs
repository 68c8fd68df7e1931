//! Tests of scanning.

use super::*;

#[test]
fn the_worst_answer_counts() {
    let worst = |codes: &[u8]| codes.iter().copied().fold(0, worse);
    assert_eq!(worst(&[0, 5, 0]), 5);
    assert_eq!(worst(&[5, 4, 0]), 4);
    assert_eq!(worst(&[4, 1, 5]), 1);
}

#[test]
fn marks_are_read_as_typed_and_nothing_else_is_guessed() {
    let mark = Mark::derive(&[7; 32], 1);
    let typed = mark.grouped().to_lowercase();
    assert_eq!(marks_in(&typed, "part.example").unwrap(), [mark]);
    let address = format!("https://PART.example/m/{mark}");
    assert_eq!(marks_in(&address, "part.example").unwrap(), [mark]);
    assert!(marks_in("https://evil.example/m/x", "part.example").is_err());
    assert!(marks_in("no-such-file.png", "part.example").is_err());
}
