-- A part by the serial number of its CPI (GS1 8010 and 8011), which is made of its mark: the first 39 bits of the SHA-256 of the
-- mark's subject (protocol: identity).
create index mark_serial on subject_state
    (((('x' || encode(substr(sha256(id::bytea), 1, 5), 'hex'))::bit(40)::bigint) >> 1))
    where kind = 'mark';
