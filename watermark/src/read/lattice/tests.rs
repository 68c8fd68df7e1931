use super::*;
use crate::read::budget::Stop;
use crate::read::find::Symbology;
use crate::read::{ReadLimits, decode};

macro_rules! photo {
    ($name:literal) => {
        include_bytes!(concat!("../../../../fixtures/photos/", $name))
    };
}

const RELIEF: [(&[u8], Symbology, &str); 3] = [
    (
        photo!("relief-fdm-window.jpg"),
        Symbology::Qr,
        "HTTPS://MARK.EXAMPLE/M/ZH8K34QM1F9CJN8T",
    ),
    (
        photo!("relief-lpbf-raking.jpg"),
        Symbology::Qr,
        "HTTPS://MARK.EXAMPLE/M/Z1FS0C4MVWM9NXGD",
    ),
    (
        photo!("relief-sls-overcast.jpg"),
        Symbology::DataMatrix,
        "YCX0AJHGEF0HXS64",
    ),
];

fn seen(picture: &Grey, max_work_pixels: u64) -> Vec<Found> {
    codes(picture, &Work::new(max_work_pixels, &Stop::default())).codes
}

fn picture(bytes: &[u8]) -> Grey {
    decode::picture(bytes, &ReadLimits::default()).unwrap()
}

/// Synthetic photographs by the truthful camera, which no decoder that looks for dark finder patterns reads.
#[test]
fn relief_of_one_colour_is_read_from_whichever_side() {
    for (bytes, symbology, text) in RELIEF {
        let mut picture = picture(bytes);
        for quarter in 0..4 {
            let found = seen(&picture, 1_000_000_000);
            assert_eq!(found.len(), 1, "{text} {quarter}");
            assert_eq!(
                (found[0].symbology, found[0].text.as_str()),
                (symbology, text)
            );
            let over = picture.transposed();
            let rows = over.pixels().chunks_exact(over.width()).rev();
            picture = Grey::new(over.width(), rows.flatten().copied().collect());
        }
    }
}

#[test]
fn nothing_is_read_where_nothing_is_or_when_no_work_is_left() {
    assert!(seen(&picture(photo!("access-cover-unmarked.jpg")), 1_000_000_000).is_empty());
    assert!(seen(&picture(RELIEF[0].0), 100_000).is_empty());
    for size in [[0, 0], [1, 1], [7, 3], [16, 400]] {
        let flat = Grey::new(size[0], vec![90; size[0] * size[1]]);
        assert!(seen(&flat, 1_000_000_000).is_empty(), "{size:?}");
    }
    let pixel = |i: usize| ((i * 2_654_435_761) >> 7) as u8;
    let noise = Grey::new(640, (0..640 * 480).map(pixel).collect());
    assert!(seen(&noise, 1_000_000_000).is_empty());
}
