"""What cells of deep layers look for: patches, slopes, switches, occlusion, preferred stimuli."""
