from slurm_ha.cli import main

main()
