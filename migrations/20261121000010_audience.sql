-- Whose a sealed file is: asked with every download, so it must not read every design and licence.
create index design_of_file on subject_state using gin ((state -> 'design' -> 'files') jsonb_path_ops)
    where kind = 'design';
create index licence_of_design on subject_state ((state -> 'licence' ->> 'design')) where kind = 'licence';
