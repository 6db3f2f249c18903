"""python -m neuro_cnn: the command line."""

from neuro_cnn.cli import main

main()
