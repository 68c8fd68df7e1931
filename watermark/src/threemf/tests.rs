use super::*;
use crate::fixtures::cuboid;

fn read(bytes: &[u8]) -> Result<Package, ThreemfError> {
    Package::read(bytes, &PackageLimits::default())
}

#[test]
fn what_is_written_reads_as_the_same() {
    let package = Package::of(vec![Item::of(cuboid([30.0, 20.0, 5.0]))]);
    let bytes = package.write().unwrap();
    assert!(looks_like_3mf(&bytes));
    assert_eq!(read(&bytes).unwrap(), package);
    assert_eq!(bytes, package.write().unwrap());
}
