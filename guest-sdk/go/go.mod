module fuelcell

go 1.24
