//! Several frames of one camera.

use super::*;

/// Two frames must agree: one alone is not believed, whatever it says, and others between them do not matter.
#[test]
fn a_mark_counts_when_two_frames_say_it() {
    let zone = top_zone([60.0; 3], 30.0);
    let frame = |text: &str, at: u32| {
        let mut picture = page(420);
        let symbol = Symbol::fitting(&zone, text, HOST).unwrap();
        print(&mut picture, &symbol, [at, 60], 6, [20, 230]);
        encoded(picture, ImageFormat::Png)
    };
    let mut frames = Frames::default();
    let mut add = |bytes: &[u8]| {
        frames
            .add(bytes, mark)
            .map(|reading| reading.map(|r| r.mark))
    };
    assert_eq!(add(&frame(TEXT, 60)), Ok(None));
    // The same picture again is no second look.
    assert_eq!(add(&frame(TEXT, 60)), Ok(None));
    assert_eq!(add(&frame("0123456789ABCDEF", 60)), Ok(None));
    assert_eq!(add(&encoded(page(300), ImageFormat::Png)), Ok(None));
    assert_eq!(add(b"no picture"), Err(ReadError::NotAnImage));
    assert_eq!(add(&frame(TEXT, 70)), Ok(Some(TEXT.to_owned())));
}

/// However long a stream is, no frame is remembered for longer than the argument for it holds.
#[test]
fn frames_are_forgotten_with_their_stream() {
    let marked = |at: u32| {
        let mut picture = page(420);
        print(&mut picture, &symbol(), [at, 60], 6, [20, 230]);
        encoded(picture, ImageFormat::Png)
    };
    let blank = encoded(page(32), ImageFormat::Png);
    let mut frames = Frames::default();
    assert_eq!(frames.add(&marked(60), mark), Ok(None));
    for _ in 1..30 {
        assert_eq!(frames.add(&blank, mark), Ok(None));
    }
    assert_eq!(frames.add(&marked(70), mark), Ok(None));
    assert!(frames.add(&marked(80), mark).unwrap().is_some());
}
