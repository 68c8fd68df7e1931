-- What a standing rests on has a name, so that what thousands of parts share is read and looked at once: comparing the lists
-- themselves, row with row, took longer than making all standings anew. What was kept is made again when it is asked for.
delete from standing;
alter table standing
    -- SHA-256 of shared and by_edges, hexadecimal.
    add column rests text not null check (octet_length(rests) = 64);
