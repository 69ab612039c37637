"""What a reader sees of a study: figures, one self-contained page, field files. The only floor that draws."""
