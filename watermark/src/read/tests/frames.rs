//! Several frames of one camera.

use super::*;

/// Two frames must agree: one alone is not believed, whatever it says, and others between them do not matter.
#[test]
fn a_mark_counts_when_two_frames_say_it() {
    let zone = top_zone([60.0; 3], 30.0);
    let frame = |text: &str| {
        let mut picture = page(420);
        let symbol = Symbol::fitting(&zone, text, HOST).unwrap();
        print(&mut picture, &symbol, [60, 60], 6, [20, 230]);
        encoded(picture, ImageFormat::Png)
    };
    let mut frames = Frames::default();
    let mut add = |bytes: &[u8]| {
        frames
            .add(bytes, mark)
            .map(|reading| reading.map(|r| r.mark))
    };
    assert_eq!(add(&frame(TEXT)), Ok(None));
    assert_eq!(add(&frame("0123456789ABCDEF")), Ok(None));
    assert_eq!(add(&encoded(page(300), ImageFormat::Png)), Ok(None));
    assert_eq!(add(b"no picture"), Err(ReadError::NotAnImage));
    assert_eq!(add(&frame(TEXT)), Ok(Some(TEXT.to_owned())));
}

/// However long a stream is, no frame is remembered for longer than the argument for it holds.
#[test]
fn frames_are_forgotten_with_their_stream() {
    let mut picture = page(420);
    print(&mut picture, &symbol(), [60, 60], 6, [20, 230]);
    let (marked, blank) = (
        encoded(picture, ImageFormat::Png),
        encoded(page(32), ImageFormat::Png),
    );
    let mut frames = Frames::default();
    assert_eq!(frames.add(&marked, mark), Ok(None));
    for _ in 1..30 {
        assert_eq!(frames.add(&blank, mark), Ok(None));
    }
    assert_eq!(frames.add(&marked, mark), Ok(None));
    assert!(frames.add(&marked, mark).unwrap().is_some());
}
