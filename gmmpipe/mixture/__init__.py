"""The mathematics: arrays in, arrays out; it knows nothing of files, configs or plots."""
