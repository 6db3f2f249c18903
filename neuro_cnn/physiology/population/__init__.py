"""What layers come to together: likeness of codes, sparseness, invariance, lesions."""
